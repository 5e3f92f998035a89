/*
 * A character device for the tests, one source for both APIs: says each call on stderr.
 *
 * It holds what was written last and lets it be read. ioctl 1 takes 8 bytes of the caller's memory
 * and gives back 8 others, by retry; ioctl 2 is refused. With NO_OPS=1 it has no operations;
 * INFO_COUNT=n describes it with fewer strings, HUGE=1 with more than the kernel takes.
 */
#include <cuse_lowlevel.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAY(...)                                                                                   \
	do {                                                                                       \
		fprintf(stderr, "device: " __VA_ARGS__);                                           \
		fputc('\n', stderr);                                                               \
	} while (0)

static char text[1 << 20];
static size_t len;

static void d_init(void *userdata, struct fuse_conn_info *conn)
{
	SAY("init %s, %u.%u, max_write %u, max_readahead %u, capable %x, want %x, background %u",
	    (char *)userdata, conn->proto_major, conn->proto_minor, conn->max_write,
	    conn->max_readahead, conn->capable, conn->want, conn->max_background);
	if (getenv("MAX_WRITE"))
		conn->max_write = (unsigned)atoi(getenv("MAX_WRITE"));
}

static void d_init_done(void *userdata)
{
	SAY("init_done %s", (char *)userdata);
}

static void d_destroy(void *userdata)
{
	SAY("destroy %s", (char *)userdata);
}

static void d_open(fuse_req_t req, struct fuse_file_info *fi)
{
	SAY("open flags %x, %s, pid %d", fi->flags, (char *)fuse_req_userdata(req),
	    fuse_req_ctx(req)->pid);
	if (fi->flags & 1 << 7) { /* O_EXCL */
		fuse_reply_err(req, EBUSY);
		return;
	}
	fi->fh = 7;
	fi->nonseekable = 1;
	fuse_reply_open(req, fi);
}

static void d_read(fuse_req_t req, size_t size, off_t off, struct fuse_file_info *fi)
{
	SAY("read %zu@%lld fh %llu flags %x", size, (long long)off, (unsigned long long)fi->fh,
	    fi->flags);
	fuse_reply_buf(req, text, size < len ? size : len);
}

static void d_write(fuse_req_t req, const char *buf, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	SAY("write %zu@%lld fh %llu flags %x", size, (long long)off, (unsigned long long)fi->fh,
	    fi->flags);
	len = size < sizeof(text) ? size : sizeof(text);
	memcpy(text, buf, len);
	fuse_reply_write(req, len);
}

static void d_flush(fuse_req_t req, struct fuse_file_info *fi)
{
	SAY("flush fh %llu owner %llu flush %d", (unsigned long long)fi->fh,
	    (unsigned long long)fi->lock_owner, fi->flush);
	fuse_reply_err(req, 0);
}

static void d_release(fuse_req_t req, struct fuse_file_info *fi)
{
	SAY("release fh %llu flags %x flush %d", (unsigned long long)fi->fh, fi->flags, fi->flush);
	fuse_reply_err(req, 0);
}

static void d_fsync(fuse_req_t req, int datasync, struct fuse_file_info *fi)
{
	SAY("fsync %d fh %llu", datasync, (unsigned long long)fi->fh);
	fuse_reply_err(req, 0);
}

static void d_ioctl(fuse_req_t req, int cmd, void *arg, struct fuse_file_info *fi, unsigned flags,
		    const void *in_buf, size_t in_size, size_t out_size)
{
	SAY("ioctl %x arg %p fh %llu flags %x in %zu out %zu", (unsigned)cmd, arg,
	    (unsigned long long)fi->fh, flags, in_size, out_size);
	if (cmd != 1) {
		fuse_reply_err(req, ENOTTY);
	} else if (!out_size) {
		struct iovec in = {arg, 8}, out = {(char *)arg + 8, 8};

		fuse_reply_ioctl_retry(req, &in, 1, &out, 1);
	} else {
		fuse_reply_ioctl(req, *(const char *)in_buf, "answered", 8);
	}
}

static void d_poll(fuse_req_t req, struct fuse_file_info *fi, struct fuse_pollhandle *ph)
{
	SAY("poll fh %llu, %s", (unsigned long long)fi->fh, ph ? "notify" : "look");
	if (ph) {
		fuse_lowlevel_notify_poll(ph);
		fuse_pollhandle_destroy(ph);
	}
	fuse_reply_poll(req, POLLIN);
}

int main(int argc, char *argv[])
{
	static const struct cuse_lowlevel_ops no_ops, ops = {
							      .init = d_init,
							      .init_done = d_init_done,
							      .destroy = d_destroy,
							      .open = d_open,
							      .read = d_read,
							      .write = d_write,
							      .flush = d_flush,
							      .release = d_release,
							      .fsync = d_fsync,
							      .ioctl = d_ioctl,
							      .poll = d_poll,
						      };
	static char huge[5000] = "HUGE=";
	const char *info[] = {"DEVNAME=tested", "COLOUR=green", huge},
		   *count = getenv("INFO_COUNT");
	struct cuse_info ci = {
		.dev_major = 240,
		.dev_minor = 3,
		.dev_info_argc = getenv("HUGE") ? 3
				 : count        ? (unsigned)atoi(count)
						: 2,
		.dev_info_argv = info,
		.flags = CUSE_UNRESTRICTED_IOCTL,
	};
	int res;

	memset(huge + 5, 'x', 4200);
	res = cuse_lowlevel_main(argc, argv, &ci, getenv("NO_OPS") ? &no_ops : &ops,
				 (void *)"userdata");
	SAY("main returns %d", res);
	return res;
}
