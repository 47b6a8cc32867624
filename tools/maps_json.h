/* maps_json.h - rows for programs, as JSON. */
#ifndef VMATLAS_MAPS_JSON_H
#define VMATLAS_MAPS_JSON_H

#include "../preload/core/json.h"
#include "maps_view.h"

/* One object: version, source, totals, mappings. Keys are those of the shim's report; what the
 * source did not say is null. Errors are those of the view's text. */
void maps_json(const struct maps_view *view);

/* The part that all JSON begins with: version and source, in an open object. */
void maps_json_begin(struct json *json, const struct maps_view *view);

/* A mapping as one object. */
void maps_json_row(struct json *json, const struct maps_view *view, const struct listing_row *row);

#endif
