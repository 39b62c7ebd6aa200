using System.Collections.Immutable;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Tests.Etcd;

/// <summary>
/// A store, and how time passes for it: a real one is waited for, a simulated one is run. Requests are numbered here, and every answer is
/// looked at once.
/// </summary>
public abstract class ClusterStoreHarness : IAsyncDisposable
{
    private long _number;

    public abstract IClusterStore Store { get; }

    public StoreProbe Probe { get; } = new();

    /// <summary>Keys of one test begin with this.</summary>
    public string Prefix { get; init; } = "/t/";

    public abstract ValueTask DisposeAsync();

    /// <summary>Lets time pass until the condition holds; fails the test when it never does.</summary>
    public abstract Task UntilAsync(Func<bool> condition, string what);

    /// <summary>Makes the store forget what was before a revision.</summary>
    public abstract Task CompactAsync(long revision);

    public async Task<T> AskAsync<T>(Action<long, ReplyTo> ask)
    {
        object answer = await AskAsync(ask);
        return answer is T wanted ? wanted : throw new Xunit.Sdk.XunitException($"{answer} and not {typeof(T).Name}");
    }

    public async Task<object> AskAsync(Action<long, ReplyTo> ask)
    {
        long number = ++_number;
        ask(number, Probe.ReplyTo);
        await UntilAsync(() => Probe.Answer(number) is not null, $"request {number} is answered");
        return Probe.Answer(number)!;
    }

    public Task<StoreRead> ReadAsync(string below = "") =>
        AskAsync<StoreRead>((number, replyTo) => Store.Read(number, Prefix + below, replyTo));

    public Task<StoreCommitted> CommitAsync(params StoreWrite[] writes) => CommitAsync([], writes);

    public Task<StoreCommitted> CommitAsync(StoreCompare[] compares, params StoreWrite[] writes) =>
        AskAsync<StoreCommitted>((number, replyTo) => Store.Commit(number, new StoreTransaction([.. compares], [.. writes]), replyTo));

    public async Task<long> GrantAsync(TimeSpan timeToLive) =>
        (await AskAsync<LeaseGranted>((number, replyTo) => Store.Grant(number, timeToLive, replyTo))).Lease;

    public Task<LeaseKept> KeepAliveAsync(long lease) =>
        AskAsync<LeaseKept>((number, replyTo) => Store.KeepAlive(number, lease, replyTo));

    public Task<LeaseRevoked> RevokeAsync(long lease) =>
        AskAsync<LeaseRevoked>((number, replyTo) => Store.Revoke(number, lease, replyTo));

    public StoreWrite Put(string key, string value, long lease = 0) => new(Prefix + key, Octets(value), lease);

    public StoreWrite Delete(string key) => new(Prefix + key, null);

    public StoreCompare Absent(string key) => new(Prefix + key, StoreField.CreateRevision, 0);

    public StoreCompare Created(string key, long revision) => new(Prefix + key, StoreField.CreateRevision, revision);

    public StoreCompare Changed(string key, long revision) => new(Prefix + key, StoreField.ModRevision, revision);

    public static ImmutableArray<byte> Octets(string text) => [.. Encoding.UTF8.GetBytes(text)];

    public static string Text(StoreEntry? entry) => entry is null ? "(deleted)" : Encoding.UTF8.GetString(entry.Value.AsSpan());
}
