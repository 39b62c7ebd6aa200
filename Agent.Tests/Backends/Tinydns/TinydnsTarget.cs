using System.Buffers.Binary;
using Agent.Actors.Backends;
using Agent.Backends.Tinydns;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.Contents;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>A driver for a real tinydns, and a look at every record that data.cdb has and every answer that fits a datagram.</summary>
internal sealed class TinydnsTarget : IAsyncDisposable
{
    private readonly TinydnsBackend _backend;

    public TinydnsTarget(TinydnsServer server, long? dataBytesMax = null)
    {
        Server = server;
        TinydnsOptions options = new(server.Root, server.EndPoint);
        _backend = new TinydnsBackend(options with { DataBytesMax = dataBytesMax ?? options.DataBytesMax }, TimeProvider.System);
        Caller = new BackendCaller(_backend);
    }

    public TinydnsServer Server { get; }

    public BackendCaller Caller { get; }

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Server.Output}");
    }

    public async Task AppliedAsync(ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(content.Apex, content));
        await SeesAsync(content.Apex, Observation.Present, content.Serial);
    }

    public async Task AppliedEquallyAsync(ZoneContent content)
    {
        await AppliedAsync(content);
        await ServedRrsets.EqualAsync(Server.EndPoint, content);
        HasEveryRecord(content);
    }

    /// <summary>By the key that tinydns looks for.</summary>
    private void HasEveryRecord(ZoneContent content)
    {
        using CdbReader data = new(Server.Data);
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            bool isWildcard = record.Owner.StartsWith("\u0001*"u8);
            byte[] key = record.Owner[(isWildcard ? 2 : 0)..].ToArray();
            NameBytes.Fold(key);
            byte[] wanted = new byte[15 + record.Rdata.Length];
            BinaryPrimitives.WriteUInt16BigEndian(wanted, (ushort)record.Type);
            wanted[2] = (byte)(isWildcard ? '*' : '=');
            BinaryPrimitives.WriteUInt32BigEndian(wanted.AsSpan(3), record.Ttl);
            record.Rdata.CopyTo(wanted.AsSpan(15));
            Assert.Contains(data.Find(key), held => held.AsSpan().SequenceEqual(wanted));
        }
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeesAsync(zone, Observation.Absent, 0);
    }

    public async Task<string> RefusedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Refused, $"{answer.Outcome} {answer.Reason}");
        return answer.Reason!.Text;
    }

    public async Task SeesAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved seen = await Caller.ObserveAsync(zone);
        bool isAsWanted = seen.Observation == observation && seen.Serial == serial;
        Assert.True(isAsWanted, $"{zone} {observation} {serial}, seen {seen}\n{Server.Output}");
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();
}
