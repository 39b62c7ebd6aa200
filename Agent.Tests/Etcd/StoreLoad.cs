using System.Globalization;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Bench.Peers;

namespace Agent.Tests.Etcd;

/// <summary>
/// Counts a key up by compare-and-write and watches it at the same time, through whatever happens to the servers. After an outcome that is
/// open it reads what became of it, as the port asks. It fails when a definite answer was wrong, when a number is written twice, or when
/// the watch leaves one out.
/// </summary>
internal sealed class StoreLoad : IAsyncDisposable
{
    private const string Key = "count";

    private readonly EtcdHarness _store;
    private readonly StoreProbe _watcher = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _writing;
    private readonly Task _watching;
    private long _written;
    private long _revision;

    private StoreLoad(EtcdHarness store, long start)
    {
        _store = store;
        _revision = start;
        _writing = WriteAsync();
        _watching = WatchAsync(start + 1);
    }

    /// <summary>The last number that is known to be written.</summary>
    public long Written => Volatile.Read(ref _written);

    public List<string> Failures { get; } = [];

    /// <summary>Watches that ended and were taken up again.</summary>
    public int Resumed { get; private set; }

    public static async Task<StoreLoad> StartAsync(EtcdHarness store) =>
        new(store, (await store.CommitAsync(store.Put(Key, "0"))).Revision);

    /// <summary>Waits until it has written a good deal more.</summary>
    public async Task MovesAsync()
    {
        long goal = Written + 20;
        await _store.UntilAsync(() => Written >= goal || _writing.IsFaulted || _watching.IsFaulted, $"{goal} is written");
        await Task.WhenAll(new[] { _writing, _watching }.Where(task => task.IsFaulted));
    }

    /// <summary>Ends the writing and looks at everything once more.</summary>
    public async Task HoldsAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        StoreEntry entry = Assert.Single((await _store.ReadAsync(Key)).Entries);
        Assert.Equal(Written, Number(entry));
        await _store.UntilAsync(() => Values().LastOrDefault() == Written || _watching.IsFaulted, $"{Written} is told of");
        Assert.Equal(Enumerable.Range(1, (int)Written).Select(number => (long)number), Values());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _end.CancelAsync();
        await _writing.ContinueWith(_ => { }, TaskScheduler.Default);
        await _watching.ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
        _end.Dispose();
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            long next = Written + 1;
            long seen = _revision;
            object answer = await _store.AskAsync((request, replyTo) => _store.Store.Commit(
                request,
                new StoreTransaction([_store.Changed(Key, seen)], [_store.Put(Key, next.ToString(CultureInfo.InvariantCulture))]),
                replyTo));
            if (answer is StoreCommitted committed)
            {
                Assert.True(committed.Succeeded, $"nobody else writes, and {next} was not written");
                _revision = committed.Revision;
                Volatile.Write(ref _written, next);
            }
            else
            {
                StoreFailed failed = Assert.IsType<StoreFailed>(answer);
                lock (Failures) Failures.Add($"{(failed.IsUnknown ? "unknown" : "certain")} {failed.Reason.Text}");
                await LookAsync(next, failed.IsUnknown);
            }
        }
    }

    /// <summary>
    /// A transaction that was cut off may still wait in the cluster. A write that compares with the same revision settles it: only one of
    /// both can happen.
    /// </summary>
    private async Task LookAsync(long next, bool isUnknown)
    {
        while (!_stop.IsCancellationRequested || isUnknown)
        {
            object answer = await _store.AskAsync((request, replyTo) => _store.Store.Read(request, _store.Prefix + Key, replyTo));
            if (answer is not StoreRead read) continue;
            StoreEntry entry = Assert.Single(read.Entries);
            long number = Number(entry);
            Assert.True(number == next - 1 || (isUnknown && number == next), $"{number} stands there, {next} was asked for");
            if (number == next)
            {
                _revision = entry.ModRevision;
                Volatile.Write(ref _written, next);
                return;
            }

            if (!isUnknown) return;
            // It may still come. The next write compares with the same revision, so only one of the two can happen.
            object settled = await _store.AskAsync((request, replyTo) => _store.Store.Commit(
                request, new StoreTransaction([_store.Changed(Key, entry.ModRevision)], [_store.Put(Key, $"{next}")]), replyTo));
            if (settled is not StoreCommitted { Succeeded: true } committed) continue;
            _revision = committed.Revision;
            Volatile.Write(ref _written, next);
            return;
        }
    }

    private async Task WatchAsync(long from)
    {
        long number = 0;
        while (!_end.IsCancellationRequested)
        {
            long watch = ++number;
            _store.Store.Watch(watch, _store.Prefix + Key, from, _watcher.ReplyTo);
            await Eventually.HoldsAsync(
                () => _watcher.Ends(watch).Count > 0 || _end.IsCancellationRequested, () => "the watch ends", TimeSpan.FromMinutes(5));
            if (_watcher.Told(watch) is var told and > 0) from = told + 1;
            if (!_end.IsCancellationRequested) Resumed++;
        }
    }

    private long[] Values() =>
        [.. _watcher.Messages.OfType<StoreChanged>().SelectMany(told => told.Changes).Select(change => Number(change.Entry!))];

    private static long Number(StoreEntry entry) =>
        long.Parse(Encoding.UTF8.GetString(entry.Value.AsSpan()), CultureInfo.InvariantCulture);
}
