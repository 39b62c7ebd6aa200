using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Actors.Cluster;

/// <summary>
/// The port to the store that all nodes of a cluster agree through: keys with revisions, leases, compare-and-write transactions and
/// watches, in the words of etcd. Every request but a watch is answered by exactly one message to <c>replyTo</c>, which carries the
/// request's number, also on failure and at its deadline; the adapter never throws at the caller and tries no request twice.
/// </summary>
/// <remarks>
/// Reads are linearizable. An adapter discards what an endpoint says that lies behind what it has seen before (a lower revision or
/// term of the same store). Keys are plain text, values octets.
/// </remarks>
public interface IClusterStore
{
    /// <summary>Asks for a lease; answered by <see cref="LeaseGranted"/> or <see cref="StoreFailed"/>.</summary>
    void Grant(long request, TimeSpan timeToLive, ReplyTo replyTo);

    /// <summary>Renews a lease once; answered by <see cref="LeaseKept"/> or <see cref="StoreFailed"/>.</summary>
    void KeepAlive(long request, long lease, ReplyTo replyTo);

    /// <summary>Ends a lease, and with it all its keys; answered by <see cref="LeaseRevoked"/> (also when there is none) or
    /// <see cref="StoreFailed"/>.</summary>
    void Revoke(long request, long lease, ReplyTo replyTo);

    /// <summary>Reads all keys that begin with <paramref name="prefix"/>; answered by <see cref="StoreRead"/> or
    /// <see cref="StoreFailed"/>.</summary>
    void Read(long request, string prefix, ReplyTo replyTo);

    /// <summary>Compares, and writes when every comparison holds; answered by <see cref="StoreCommitted"/> or
    /// <see cref="StoreFailed"/>, which may leave open whether it happened.</summary>
    void Commit(long request, StoreTransaction transaction, ReplyTo replyTo);

    /// <summary>
    /// Tells of every change of keys that begin with <paramref name="prefix"/> from a revision on, in order and without a gap, by
    /// <see cref="StoreChanged"/>; ends with one <see cref="WatchEnded"/>, after which nothing more comes. The asker reads anew then.
    /// </summary>
    void Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo);

    /// <summary>Ends a watch; nothing of it is told any more. A watch that is not there is no error.</summary>
    void StopWatch(long watch);
}

/// <summary>One key as it stands.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its octets, UTF-8 text in all our keys.</param>
/// <param name="CreateRevision">Revision of the transaction that created it; strictly larger for each next life of the key.</param>
/// <param name="ModRevision">Revision of the last change.</param>
/// <param name="Lease">The lease it hangs on; 0 for none.</param>
public sealed record StoreEntry(string Key, ImmutableArray<byte> Value, long CreateRevision, long ModRevision, long Lease);

/// <summary>What a comparison looks at.</summary>
public enum StoreField
{
    /// <summary>The create revision; 0 when the key is not there.</summary>
    CreateRevision = 0,

    /// <summary>The revision of the last change; 0 when the key is not there.</summary>
    ModRevision = 1,
}

/// <summary>Holds when the key's field equals the revision.</summary>
public sealed record StoreCompare(string Key, StoreField Field, long Revision);

/// <summary>One write: a value on a lease, or the removal of the key when there is no value.</summary>
public sealed record StoreWrite(string Key, ImmutableArray<byte>? Value, long Lease = 0);

/// <summary>Writes happen all together, and only when every comparison holds. At most 100 of both.</summary>
public sealed record StoreTransaction(ImmutableArray<StoreCompare> Compares, ImmutableArray<StoreWrite> Writes);

/// <summary>The lease is there.</summary>
/// <param name="Request">Number of the request.</param>
/// <param name="Lease">Its number, never 0.</param>
/// <param name="TimeToLive">What the store grants; may be longer than asked.</param>
public sealed record LeaseGranted(long Request, long Lease, TimeSpan TimeToLive);

/// <summary>The lease was renewed, or is over when the time is zero.</summary>
public sealed record LeaseKept(long Request, long Lease, TimeSpan TimeToLive);

/// <summary>The lease is gone.</summary>
public sealed record LeaseRevoked(long Request, long Lease);

/// <summary>All keys of the prefix, in order of their names, as of one revision.</summary>
public sealed record StoreRead(long Request, long Revision, ImmutableArray<StoreEntry> Entries);

/// <summary>The transaction was decided.</summary>
/// <param name="Request">Number of the request.</param>
/// <param name="Succeeded">False when a comparison did not hold; then nothing was written.</param>
/// <param name="Revision">Revision of the transaction when it wrote, of the store otherwise.</param>
public sealed record StoreCommitted(long Request, bool Succeeded, long Revision);

/// <summary>The request did not succeed.</summary>
/// <param name="Request">Number of the request.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="IsUnknown">It may have happened, or may still happen: only a later read can tell.</param>
public sealed record StoreFailed(long Request, Reason Reason, bool IsUnknown);

/// <summary>Changes of one revision or several, in order.</summary>
/// <param name="Watch">Number of the watch.</param>
/// <param name="Revision">Everything up to here has been told.</param>
/// <param name="Changes">The keys as they stand after each change; empty when only the revision moved.</param>
public sealed record StoreChanged(long Watch, long Revision, ImmutableArray<StoreChange> Changes);

/// <summary>A key was written, or deleted when <paramref name="Entry"/> is null.</summary>
public sealed record StoreChange(string Key, StoreEntry? Entry);

/// <summary>The watch is over: the connection broke, the server is cut off from its peers, or the past was compacted.</summary>
public sealed record WatchEnded(long Watch, Reason Reason);
