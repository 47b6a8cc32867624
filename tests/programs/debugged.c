/* Stops for a debugger: SIGTRAP with a list in memory, again when its second node is freed; then
 * ends by abort (argument "abort") or with status 3. Threads allocate meanwhile, but for "alone".
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
	struct node *next;
	char text[80];
};

struct node *list, *second;
char *large;
struct node whole;
double fraction = 1.5;
static volatile int ended;

static void *work(void *unused)
{
	for (unsigned i = 0; !ended; i++) {
		char *memory = malloc(16 + i % 1000);
		memory[0] = 1;
		free(memory);
	}
	return unused;
}

static __attribute__((noinline)) struct node *make_node(struct node *next)
{
	struct node *node = calloc(1, sizeof(*node));

	node->next = next;
	return node;
}

int main(int argc, char **argv)
{
	int count = argc > 1 && !strcmp(argv[1], "alone") ? 0 : 2;
	pthread_t threads[2];

	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 1000; i++)
		list = make_node(list);
	second = list->next;
	large = malloc(3 << 20);
	memset(large, 1, 1 << 20);
	raise(SIGTRAP);
	list->next = second->next;
	free(second);
	raise(SIGTRAP);
	if (argc > 1 && !strcmp(argv[1], "abort"))
		abort();
	ended = 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 3;
}
