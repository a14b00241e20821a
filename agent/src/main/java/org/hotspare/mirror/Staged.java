package org.hotspare.mirror;

import java.util.List;
import org.hotspare.delta.Signature;
import org.hotspare.index.Local;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Name;

/**
 * A regular file that lies complete in the staging directory, with all its metadata.
 *
 * @param signature of its content
 * @param local where it lies; a rename keeps its inode
 * @param refused metadata that the filesystem does not take
 */
record Staged(
    Name name, Entry.RegularFile entry, Signature signature, Local local, List<String> refused) {}
