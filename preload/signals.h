/* signals.h - the signal that asks for a dump, and the program that must not notice.
 *
 * The handler stands only where the program left the default action. Who asks sees the default
 * action; who sets a handler of his own gets it, and ours moves to a free real-time signal. */
#ifndef VMATLAS_SIGNALS_H
#define VMATLAS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* The signal that dumps now, 0 for none. Anywhere. */
int signals_armed(void);

/* Whether the configured signal is the program's own. Anywhere. */
bool signals_stepped_back(void);

/* sigaction(2) as the program must see it. Anywhere. */
int signals_action(int signal, const struct sigaction *action, struct sigaction *former);

/* For libc's other ways to set a handler: `set` is called, does it, and returns the former handler,
 * which is ours or the program's; returned is what the program must see. Anywhere. */
typedef sighandler_t signals_setter(int signal, sighandler_t handler);
sighandler_t signals_handler(signals_setter *set, int signal, sighandler_t handler);

/* Puts our handler back as it was, after libc changed its flags. Anywhere. */
void signals_rearm(int signal);

/* Takes the configured signal if it is free. Start only. */
void signals_boot(void (*handler)(int, siginfo_t *, void *));

#endif
