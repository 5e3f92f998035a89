/* scene.h - what a case needs around it besides the scratch directory: a loop device, a user, a
 * fuse.conf. */
#ifndef CONFORM_SCENE_H
#define CONFORM_SCENE_H

#include "conform.h"

/* In the supervisor. 0 or negative errno; what the machine does not have sets T->skip instead. */
int t_scene_set(void);
/* Takes away what would outlive the namespaces. */
void t_scene_strike(void);
/* In the server's process, before anything else. */
void t_become_server_user(void);

#endif
