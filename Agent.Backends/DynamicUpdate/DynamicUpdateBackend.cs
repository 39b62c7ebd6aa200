using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Backends.Contents;
using Agent.Backends.Shared;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.DynamicUpdate;

// The way of an apply:
//
//   applied by us before, and the history leads on from that --> send (prerequisite: the SOA that we left)
//                   | else                                        | SOA is another one
//                   v                                             |
//   read the server's zone by AXFR <------------------------------/   (twice at most)
//       | read: compare, send what differs (prerequisite: the SOA that we read)
//       | refused: the history leads on from the serial that it serves? --yes--> send   --no--> refused
//       | absent: refused
//
//   send: one message, or several that each start from the SOA that the one before left. A change that was cut ends with a serial that is
//   not the wanted one; the next attempt compares with what is there.

/// <summary>
/// Brings zones that exist on a server already to their content by dynamic updates (RFC 2136), signed, over TCP. Gives it differences.
/// </summary>
/// <remarks>What a zone was left at is remembered, and only for as long as the process lives: after that the first change of a zone is
/// compared with what the server has.</remarks>
public sealed class DynamicUpdateBackend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 8;

    // Below what a message may have, since servers write what they took into a journal with other forms of the same records.
    private const int MessageBytesMax = 60_000;

    // Of the server's zone, beside what we hold: it may have been filled by somebody else.
    private const long ReadAtLeastBytes = 64L << 20;
    private const int LooksMax = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A large zone that is filled for the first time takes some hundred messages.
    private static readonly OrderDeadlines Deadlines = OrderDeadlines.Default with { Apply = TimeSpan.FromMinutes(5) };

    private readonly Func<TsigKey> _key;
    private readonly ServerProbe _probe;
    private readonly ServedZoneReader _reader;
    private readonly UpdateChannel _channel;
    private readonly ConcurrentDictionary<DomainName, Left> _left = new();

    // A large zone is compared by itself, so that memory holds one large difference at a time.
    private readonly SemaphoreSlim _large = new(1);

    /// <summary>Touches and connects to nothing yet.</summary>
    public DynamicUpdateBackend(DynamicUpdateOptions options, TimeProvider time)
        : base(new BackendTraits("dynamic-update", ConcurrentOrders, Patience) { TakesDifferences = true }, Deadlines, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _key = options.Key;
        _probe = new ServerProbe(options.Server, time);
        _reader = new ServedZoneReader(options.Server, options.SpoolDirectory, time);
        _channel = new UpdateChannel(options.Server);
    }

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        UpdateSoa wanted = UpdateSoa.Of(order.Content);
        // The same content a second time: the first time did not do, so nothing is taken for granted.
        bool isDone = _left.TryRemove(order.Zone, out Left? left) && left.Content != order.Content.Hash
            && HistoryFrom(order, h => h.Find(order.Content, left.Content)) is { } known
            && await SendAsync(known.Change, left.Soa, wanted, cancellation);
        for (int look = 0; !isDone && look < LooksMax; look++)
            isDone = await CompareAsync(order, wanted, cancellation);
        if (!isDone)
            throw BackendException.Away($"somebody else keeps changing {order.Zone} on the server");
        _left[order.Zone] = new Left(order.Content.Hash, wanted);
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        _left.TryRemove(zone, out Left? _);
        ZoneSighting seen = ZoneSighting.From(await _probe.AskAsync(zone, cancellation));
        if (seen.Observation == Observation.CannotTell)
            throw BackendException.Away(seen.Reason!.Text);
        if (seen.Observation == Observation.Present)
        {
            throw BackendException.Refused(
                $"{zone} is still a zone of the server, and an update cannot take a zone away: remove it there, and the deletion will end");
        }
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation) =>
        ZoneSighting.From(await _probe.AskAsync(zone, cancellation));

    /// <summary>Any answer will do: whether the server takes our updates only an update of a zone tells.</summary>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(DomainName.Root, cancellation);
        if (finding.Answer is null)
            throw BackendException.Away(finding.Text);
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Known? HistoryFrom(ApplyZone order, Func<IContentHistory, DifferenceSequence?> find)
    {
        if (order.History is not { } history)
            return null;
        try
        {
            return find(history) is { } sequence && ContentChange.TryFold(sequence, out ContentChange? change)
                ? new Known(change, UpdateSoa.Of(order.Zone, sequence.Octets)) : null;
        }
        catch (IOException)
        {
            // It cannot be read just now: the server's own records will do.
            return null;
        }
    }

    /// <summary>Looks at what the server has and sends what differs; false when that changed meanwhile.</summary>
    private async Task<bool> CompareAsync(ApplyZone order, UpdateSoa wanted, CancellationToken cancellation)
    {
        bool isLarge = order.Content.ByteCount > ContentComparison.LargestUnordered;
        if (isLarge)
            await _large.WaitAsync(cancellation);
        try
        {
            long readMax = Math.Max(ReadAtLeastBytes, 4 * order.Content.ByteCount);
            ServedZone served = await _reader.ReadAsync(order.Zone, _key(), readMax, cancellation);
            using SpooledZone? zone = served.Zone;
            return served.Outcome switch
            {
                ServedZoneOutcome.Read => await SendAsync(Between(zone!, order.Content), UpdateSoa.Of(zone!), wanted, cancellation),
                ServedZoneOutcome.Absent => throw UpdateVerdict.NotThere(order.Zone),
                ServedZoneOutcome.Refused => await ContinueAsync(order, wanted, served.Text, cancellation),
                _ => throw BackendException.Away(served.Text),
            };
        }
        finally
        {
            if (isLarge)
                _large.Release();
        }
    }

    /// <summary>A server that does not show its records gets what leads on from its serial.</summary>
    private async Task<bool> ContinueAsync(ApplyZone order, UpdateSoa wanted, string refusal, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(order.Zone, cancellation);
        if (ZoneSighting.From(finding) is { Observation: Observation.Present, Serial: var serial }
            && serial != order.Content.Serial
            && HistoryFrom(order, h => h.Find(order.Content, serial)) is { } known)
            return await SendAsync(known.Change, known.From, wanted, cancellation);
        throw BackendException.Refused(
            $"{refusal}, and what leads from its serial to {order.Content.Serial} is not known: "
            + $"allow the key {_key().Name} to transfer the zone");
    }

    private static ContentChange Between(ZoneContent served, ZoneContent content)
    {
        long mostBytes = served.ByteCount + content.ByteCount;
        if (!ContentComparison.TryFindChange(served, content, mostBytes, out ContentChange? change))
            throw BackendException.Refused($"what the server has of {content.Apex} cannot be compared: its names come in no order");
        return ServerRecords.Spare(change);
    }

    /// <summary>False when the server's SOA is another one than the first message starts from.</summary>
    private async Task<bool> SendAsync(ContentChange change, UpdateSoa from, UpdateSoa wanted, CancellationToken cancellation)
    {
        bool isPassed = !SerialNumber.IsNewer(wanted.Serial, from.Serial);
        if (change.IsEmpty && isPassed && from.WithSerial(wanted.Serial).IsSame(wanted))
            return from.Serial == wanted.Serial ? true : throw Ahead(from, wanted);
        if (ServerRecords.FindIn(change) is { } made)
        {
            throw BackendException.Refused(
                $"{wanted.Apex} is signed ({made}), which servers do not take by updates: use another driver, or let the server sign");
        }

        TsigKey key = _key();
        UpdatePlan plan = UpdatePlan.Make(change, wanted, TsigSigner.RequestBytes(key), MessageBytesMax);
        if (plan.TooLarge is { } record)
            throw BackendException.Refused($"the record {record} does not fit an update");
        List<uint> serials = SerialPath.Between(from.Serial, wanted.Serial, plan.MessageCount);
        UpdateSoa reached = from;
        foreach ((int i, uint serial) in serials.Index())
        {
            if (!await SendAsync(plan, i, key, reached, serial, cancellation))
            {
                return i == 0 ? false
                    : throw BackendException.Away($"somebody else changed {wanted.Apex} on the server while it was being changed");
            }

            reached = wanted.WithSerial(serial);
        }

        return reached.Serial == wanted.Serial ? true : throw Ahead(reached, wanted);
    }

    private static BackendException Ahead(UpdateSoa served, UpdateSoa wanted) => BackendException.Refused(
        $"every record of {wanted.Apex} is as wanted, but the server's serial {served.Serial} is ahead of {wanted.Serial}, by a change "
        + "that was made there or one of many messages, and cannot be taken back: a later serial of the master ends this");

    private async Task<bool> SendAsync(
        UpdatePlan plan, int part, TsigKey key, UpdateSoa from, uint serial, CancellationToken cancellation)
    {
        ushort id = MessageIds.Next();
        byte[] message = plan.Write(part, id, from, serial, out int length);
        byte[] mac = new byte[TsigAlgorithms.MaximumMacLength];
        if (!TsigSigner.TrySignRequest(message, ref length, key, Now(), mac, out int macLength))
            throw new InvalidOperationException("The room for the signature was not kept.");
        byte[] answer = await _channel.ExchangeAsync(message.AsMemory(0, length), cancellation);
        return UpdateVerdict.Of(answer, id, from.Apex, key, mac.AsSpan(0, macLength), Now());
    }

    private ulong Now() => (ulong)Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>What the history knows: a change, and the SOA that it starts from.</summary>
    private sealed record Known(ContentChange Change, UpdateSoa From);

    /// <summary>What a zone was left at.</summary>
    private sealed record Left(ContentHash Content, UpdateSoa Soa);
}
