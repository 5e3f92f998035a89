/* case_block.c - a file system on a block device (fuseblk): the only kind that is asked for block
 * numbers */
#include "conform.h"
#include "llfs.h"

#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/*
 * A loop device over a file of the scratch directory, which goes when the mount goes. Another
 * process may take the free one first.
 */
static bool loop_device(char name[32])
{
	struct loop_config config = {.info.lo_flags = LO_FLAGS_AUTOCLEAR};
	char image[100];
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), dev = -1;

	snprintf(image, sizeof(image), "%s/image", T->dir);
	config.fd = (unsigned)open(image, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (ftruncate((int)config.fd, 1 << 20))
		return false;
	for (int tries = 0; ctl >= 0 && dev < 0 && tries < 20; tries++) {
		snprintf(name, 32, "/dev/loop%d", ioctl(ctl, LOOP_CTL_GET_FREE));
		dev = open(name, O_RDWR | O_CLOEXEC);
		if (dev >= 0 && ioctl(dev, LOOP_CONFIGURE, &config)) {
			close(dev);
			dev = -1;
			usleep(10000);
		}
	}
	close((int)config.fd);
	close(ctl);
	atomic_store(&T->word[20], dev); /* open until the mount holds it */
	return dev >= 0;
}

static int on_block_device(int argc, char **argv)
{
	char name[32], opts[64];
	char *args[20];
	int n = 0;

	if (!loop_device(name)) {
		atomic_store(&T->word[1], 1); /* no loop device: mounts without */
	} else {
		snprintf(opts, sizeof(opts), "blkdev,fsname=%s", name);
	}
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	if (!atomic_load(&T->word[1])) {
		args[n++] = "-o";
		args[n++] = opts;
	}
	args[n] = NULL;
	return t_this->ll ? t_ll_server(n, args) : t_path_server(n, args);
}
static void mounted(struct fuse_conn_info *conn)
{
	(void)conn;
	if (!atomic_load(&T->word[1]))
		close((int)atomic_load(&T->word[20]));
}
static void ask_block(void)
{
	int block = 7;
	put(P("f"), "x");
	if (atomic_load(&T->word[1]))
		t_skip("no loop device here");
	STR(t_mount_field('t'), "fuseblk");
	int fd = OK(open(P("f"), O_RDONLY));
	OK(ioctl(fd, FIBMAP, &block));
	EQ(block, 1007);
}
CASE(block_path, "bmap.block-number-of-the-path-api", .server = on_block_device, .init = mounted,
     .timeout = 30)
{
	ask_block();
	SAW("bmap /f 4096 7");
}

/* newer kernels use pages whatever the option says; it has to be taken */
CASE(block_size, "option.blksize-is-taken-with-blkdev", .server = on_block_device, .init = mounted,
     .opts = "blksize=1024", .timeout = 30)
{
	ask_block();
	SAW("bmap /f [14]0[29][46] 7");
}
CASE(block_size_alone, "option.blksize-without-blkdev-is-refused", .opts = "blksize=1024",
     .no_mount = true, .any_exit = true)
{
	int s = t_server_end(3000);
	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
	YES(!t_mounted());
}

static void ll_bmap(fuse_req_t req, fuse_ino_t ino, size_t size, uint64_t idx)
{
	struct t_call c;
	ll_begin(&c, OP_bmap, req, 0, ino, NULL, "%zu %llu", size, (unsigned long long)idx);
	t_end(&c, 0);
	fuse_reply_bmap(req, idx + 1000);
}
static void has_bmap(struct fuse_lowlevel_ops *ops)
{
	ops->bmap = ll_bmap;
}
CASE(block_ll, "bmap.block-number-of-the-low-level", .server = on_block_device, .init = mounted,
     .ll = true, .ll_ops = has_bmap, .timeout = 30)
{
	ask_block();
	SAW("bmap 2 4096 7");
}
