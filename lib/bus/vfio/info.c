// SPDX-License-Identifier: BSD-3-Clause
/*
 * VFIO's information calls, whose answers have a fixed part and a chain of capabilities behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bus/vfio/vfio.h"

/* More than any kernel has to say; what is larger is no answer. */
#define INFO_BYTES_MAX (1u << 20)

/*
 * The kernel says in argsz how much room it wants, so the second call has it; a third one is slack.
 */
int fn_vfio_info(int fd, unsigned long request, const void *head, size_t head_bytes, void **info,
		 size_t *bytes)
{
	uint32_t argsz = (uint32_t)head_bytes;

	for (int i = 0; i < 3; i++) {
		const uint32_t room = argsz;
		char *answer = calloc(1, room);

		if (!answer)
			return -ENOMEM;
		memcpy(answer, head, head_bytes);
		memcpy(answer, &room, sizeof(room));
		if (ioctl(fd, request, answer) < 0) {
			const int ret = -errno;

			free(answer);
			return ret;
		}
		memcpy(&argsz, answer, sizeof(argsz));
		if (argsz <= room) {
			*info = answer;
			*bytes = room;
			return 0;
		}
		free(answer);
		if (argsz > INFO_BYTES_MAX)
			return -EIO;
	}
	return -EIO;
}

size_t fn_vfio_cap(const void *info, size_t bytes, uint32_t first, uint16_t id, size_t *cap_bytes)
{
	struct vfio_info_cap_header head;
	size_t pos = first;
	size_t before = 0;

	while (pos > before && pos <= bytes && bytes - pos >= sizeof(head)) {
		memcpy(&head, (const char *)info + pos, sizeof(head));
		if (head.id == id) {
			*cap_bytes = bytes - pos;
			return pos;
		}
		before = pos;
		pos = head.next;
	}
	return 0;
}
