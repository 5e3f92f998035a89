/* scene.c - see scene.h */
#include "scene.h"

#include <grp.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static int loop_fd = -1;

static void lacks(const char *what)
{
	if (!*T->skip)
		snprintf(T->skip, sizeof(T->skip), "%s", what);
}

/* A loop device on a file of the scratch directory. Another process may take the free one first. */
static int make_block_device(void)
{
	char image[200];
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), file, no, tries = 20;

	if (control < 0) {
		lacks("this machine has no loop devices");
		return 0;
	}
	snprintf(image, sizeof(image), "%s/disk", T->dir);
	file = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, 16 << 20))
		return -errno;
	do {
		no = ioctl(control, LOOP_CTL_GET_FREE);
		snprintf(T->blk, sizeof(T->blk), "/dev/loop%d", no);
		loop_fd = no < 0 ? -1 : open(T->blk, O_RDWR | O_CLOEXEC);
		if (loop_fd >= 0 && !ioctl(loop_fd, LOOP_SET_FD, file))
			break;
		if (loop_fd >= 0)
			close(loop_fd);
		loop_fd = -1;
		usleep(10000);
	} while (--tries);
	if (loop_fd < 0)
		lacks("no loop device can be had");
	close(control);
	close(file);
	return 0;
}

static int bind_over(const char *mine, const char *path)
{
	return mount(mine, path, NULL, MS_BIND, NULL) ? -errno : 0;
}

static int make_fuse_conf(void)
{
	char mine[200];
	FILE *f;

	snprintf(mine, sizeof(mine), "%s/fuse.conf", T->dir);
	f = fopen(mine, "we");
	if (!f)
		return -errno;
	fputs(t_this->fuse_conf, f);
	fclose(f);
	if (access("/etc/fuse.conf", F_OK)) {
		lacks("there is no /etc/fuse.conf to put one over");
		return 0;
	}
	return bind_over(mine, "/etc/fuse.conf");
}

/* Everybody may open /dev/fuse, as on a machine with udev. */
static int open_up_device(void)
{
	char mine[200];

	snprintf(mine, sizeof(mine), "%s/fuse", T->dir);
	if (mknod(mine, S_IFCHR | 0666, makedev(10, 229)) || chmod(mine, 0666))
		return -errno;
	return bind_over(mine, "/dev/fuse");
}

int t_scene_set(void)
{
	int r = 0;

	if (t_this->fuseblk)
		r = make_block_device();
	if (!r && t_this->fuse_conf)
		r = make_fuse_conf();
	if (!r && t_this->uid) {
		if (access("/bin/fusermount3", X_OK) && access("/bin/fusermount", X_OK))
			lacks("there is no fusermount to mount with");
		if (chown(T->mnt, t_this->uid, t_this->uid) ||
		    chown(T->src, t_this->uid, t_this->uid))
			return -errno;
		r = open_up_device();
	}
	return r;
}

void t_scene_strike(void)
{
	if (loop_fd < 0)
		return;
	umount2(T->mnt, MNT_DETACH);
	ioctl(loop_fd, LOOP_CLR_FD);
	close(loop_fd);
}

void t_become_server_user(void)
{
	if (!t_this->uid)
		return;
	if (setgroups(0, NULL) || setgid(t_this->uid) || setuid(t_this->uid)) {
		t_server_fail("cannot become user %u: %s", t_this->uid, strerror(errno));
		_exit(1);
	}
}

/* --- a 32-bit program's ioctl ------------------------------------------------------------------
 */

#ifdef __x86_64__
static long int80(long nr, long a, long b, long c)
{
	long ret;

	/* r8 to r11 do not outlive it */
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

/* int 0x80 in a process of its own: SIGSEGV where the kernel does not have it. */
static void try_int80(long arg)
{
	(void)arg;
	_exit(int80(20 /* getpid */, 0, 0, 0) == getpid() ? 0 : 1);
}

int t_ioctl32(int fd, unsigned cmd, void *arg, size_t size)
{
	static char *low;
	static int works = -1;
	long ret;

	if (works < 0)
		works = reap(spawn(try_int80, 0)) == 0;
	if (!works)
		t_skip("this kernel runs no 32-bit programs");
	if (!low)
		low = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (size && (low == MAP_FAILED || size > 65536))
		FAIL("t_ioctl32: no memory for %zu bytes", size);
	if (size)
		memcpy(low, arg, size);
	ret = int80(54, fd, cmd, size ? (long)low : (long)arg);
	if (size)
		memcpy(arg, low, size);
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return (int)ret;
}
#else
int t_ioctl32(int fd, unsigned cmd, void *arg, size_t size)
{
	(void)fd, (void)cmd, (void)arg, (void)size;
	t_skip("32-bit programs are tried on x86-64 only");
}
#endif
