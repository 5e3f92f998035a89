/*
 * A character device (CUSE): /dev/ambifuse-echo gives back what was written to it last.
 *
 *	./cuse_echo -f &                        as root, with the module cuse (modprobe cuse)
 *	echo hello >/dev/ambifuse-echo; head -n 1 /dev/ambifuse-echo
 *
 * One source for both APIs: but for the type of an argument of ioctl, CUSE is the same in both. The
 * text belongs to the device, the position to who has it open.
 */
#include "compat_ll.h"

#include <cuse_lowlevel.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define TEXT_MAX 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[TEXT_MAX];
static size_t text_len;

static void echo_open(fuse_req_t req, struct fuse_file_info *fi)
{
	fuse_reply_open(req, fi);
}

static void echo_read(fuse_req_t req, size_t size, off_t off, struct fuse_file_info *fi)
{
	char copy[TEXT_MAX];
	size_t n = 0;

	(void)fi;
	pthread_mutex_lock(&lock);
	if (off >= 0 && (size_t)off < text_len) {
		n = text_len - (size_t)off < size ? text_len - (size_t)off : size;
		memcpy(copy, text + off, n);
	}
	pthread_mutex_unlock(&lock);
	fuse_reply_buf(req, copy, n);
}

static void echo_write(fuse_req_t req, const char *buf, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)off;
	(void)fi;
	if (size > TEXT_MAX) {
		fuse_reply_err(req, EFBIG);
		return;
	}
	pthread_mutex_lock(&lock);
	memcpy(text, buf, size);
	text_len = size;
	pthread_mutex_unlock(&lock);
	fuse_reply_write(req, size);
}

static const struct cuse_lowlevel_ops echo_ops = {
	.open = echo_open,
	.read = echo_read,
	.write = echo_write,
};

int main(int argc, char *argv[])
{
	const char *info[] = {"DEVNAME=ambifuse-echo"};
	const struct cuse_info device = {.dev_info_argc = 1, .dev_info_argv = info};

	return cuse_lowlevel_main(argc, argv, &device, &echo_ops, NULL);
}
