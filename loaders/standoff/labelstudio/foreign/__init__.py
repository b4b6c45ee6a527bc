"""Exports of a Label Studio whose interface is somebody else's, read by a map of its names.

JSON and JSON-MIN are read. The map is a JSON object:

    {"text": "body",                                     the field of a task's data that holds the text
     "document": "no", "documents": {"17": "en_fair"},   the field that tells the document, and which one it tells;
                                                         without it, a document is known by its text
     "annotator": 3,                                     whose annotations; an id or an e-mail address, as exported
     "controls": {
       "ner": {"layer": "naming", "labels": {"PER": "who", "CLAIM": {"layer": "point", "label": "wish"}, "MISC": null}},
       "how": {"layer": "naming", "attribute": "shape", "values": {"name": "proper"}},
       "kb": {"layer": "naming", "role": "referent", "entities": {"Ada Q.": "ada"}, "new": true},
       "remark": {"layer": "naming", "note": true},
       "tone": {"layer": "register", "labels": {"formal": "sober"}},
       "mood": null},
     "relations": {"said by": {"layer": "report", "role": "speaker", "reversed": true},
                   "because": {"layer": "link", "label": "explains"}, "goes on": "fragment", "": null}}

Only `text` and `controls` are required. Every control (`from_name`) and every label of a relation that occurs must be
in the map; "" is the relation without a label. What maps to null is left out, and counted as lost. Without `labels` or
`values`, words mean what they are; with them, every word that occurs must be there. An entity that is neither mapped
nor known by its id is refused, or with `new` becomes a new one of that name.

What an export cannot tell is counted in a receipt: JSON-MIN has neither relations nor ids of regions, and does not tell
of which region an attribute was said.
"""

from standoff.labelstudio.foreign.importing import Imported, from_export
from standoff.labelstudio.foreign.mapping import Map, read_map
from standoff.labelstudio.foreign.own import from_own, untouched
from standoff.labelstudio.foreign.receipt import Loss
from standoff.labelstudio.foreign.units import Evidence

__all__ = ["Evidence", "Imported", "Loss", "Map", "from_export", "from_own", "read_map", "untouched"]
