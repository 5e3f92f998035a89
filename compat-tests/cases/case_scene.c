/* case_scene.c - fuseblk, users other than root, 32-bit clients: that the scenes are as they say.
 */
#include "conform.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define R(size) _IOC(_IOC_READ | _IOC_WRITE, 'c', 7, size)

CASE(scene_ioctl32, "ioctl.from-a-32-bit-program", .real = "a 32-bit client")
{
	char arg[12] = "hello, yes.";

	put(P("f"), "x");
	int fd = OK(open(P("f"), O_RDWR));
	EQ(t_ioctl32(fd, R(sizeof(arg)), arg, sizeof(arg)), 7);
	EQ(arg[0], (char)~'h');
	SAW("ioctl fh* /f *");
}

CASE(scene_fuseblk, "mount.fuseblk", .fuseblk = true, .real = "a block device", .any_exit = true)
{
	STR(t_mount_field('t'), "fuseblk");
	STR(t_mount_field('s'), T->blk);
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
}

CASE(scene_user, "mount.by-a-user-through-the-helper", .uid = 65534, .real = "the set-uid helper",
     .opts = "allow_other", .fuse_conf = "user_allow_other\n")
{
	put(S("f"), "x");
	STR(slurp(P("f")), "x");
	YES(strstr(t_mount_field('S'), "user_id=65534"), "%s", t_mount_field('S'));
	YES(strstr(t_mount_field('o'), "nosuid"), "%s", t_mount_field('o'));
}

CASE(scene_user_no_conf, "mount.allow-other-by-a-user-without-fuse-conf", .uid = 65534,
     .real = "the set-uid helper", .opts = "allow_other", .fuse_conf = "# nothing\n",
     .no_mount = true, .any_exit = true)
{
	int s = t_server_end(5000);

	YES(WIFEXITED(s) && WEXITSTATUS(s) != 0, "status 0x%x", s);
	LOGGED("allow_other");
	YES(!t_mounted());
}
