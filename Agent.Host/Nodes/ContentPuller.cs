using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>
/// Holds messages back whose content is on the sender's node, fetches it, and tells them then. One fetch for each content, however many
/// messages wait for it. Messages about the same thing keep their order, others pass. What cannot be fetched takes its messages along.
/// </summary>
internal sealed partial class ContentPuller(LinkParts parts)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, List<Held>> _pulls = [];
    private readonly Dictionary<(LinkedPeer Owner, object Order), Queue<Held>> _lines = [];
    private readonly Queue<(LinkedPeer Owner, ZoneFacts Facts)> _queued = new();
    private readonly ContentFetch _fetch = new(parts);
    private int _running;
    private int _held;
    private long _heldOctets;

    /// <summary>Messages that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate) return _held;
        }
    }

    /// <summary>Tells a message that is whole, unless an earlier one about the same thing waits.</summary>
    public void Deliver(LinkedPeer owner, object message)
    {
        if (NodeCodec.OrderOf(message) is { } order)
        {
            lock (_gate)
            {
                if (_lines.TryGetValue((owner, order), out Queue<Held>? line))
                {
                    if (HasRoom(ContentFields.InlineMaximum))
                        Enqueue(line, new Held(owner, (owner, order), 0, [], message, ContentFields.InlineMaximum));
                    return;
                }
                parts.Tell(owner, message);
                return;
            }
        }
        parts.Tell(owner, message);
    }

    /// <summary>Holds a message until its content is here.</summary>
    /// <param name="standIn">The message with a content that cannot be opened.</param>
    public void Deliver(LinkedPeer owner, object standIn, ZoneFacts missing, int kind, ReadOnlySpan<byte> fields)
    {
        if (missing.ByteCount > parts.Options.MaxContentOctets)
        {
            Fail(owner, missing, "too_large", "it is larger than any content may be", dropped: 1);
            return;
        }
        lock (_gate)
        {
            if (!HasRoom(fields.Length)) return;
            (LinkedPeer, object) order = (owner, NodeCodec.OrderOf(standIn) ?? new object());
            if (!_lines.TryGetValue(order, out Queue<Held>? line)) _lines[order] = line = new Queue<Held>();
            var held = new Held(owner, order, kind, fields.ToArray(), Ready: null, fields.Length);
            Enqueue(line, held);
            if (!_pulls.TryGetValue(missing.Hash, out List<Held>? waiting))
            {
                _pulls[missing.Hash] = waiting = [];
                _queued.Enqueue((owner, missing));
                StartQueued();
            }
            waiting.Add(held);
        }
    }

    private void StartQueued()
    {
        while (_running < parts.Options.MaxPulls && _queued.TryDequeue(out (LinkedPeer Owner, ZoneFacts Facts) next))
        {
            _running++;
            _ = Task.Run(() => PullAsync(next.Owner, next.Facts));
        }
    }

    private async Task PullAsync(LinkedPeer owner, ZoneFacts facts)
    {
        ZoneContent? content = null;
        string? failure = "failed";
        string why = "its node is gone";
        try
        {
            if (!owner.IsGone) (content, failure, why) = await _fetch.RunAsync(owner, facts);
        }
        catch (Exception exception)
        {
            why = exception.Message; // Whatever it was, those who wait must not wait for ever.
        }
        Finish(owner, facts, content, failure, why);
        lock (_gate)
        {
            _running--;
            StartQueued();
        }
    }

    private void Finish(LinkedPeer owner, ZoneFacts facts, ZoneContent? content, string? failure, string why)
    {
        int dropped = 0;
        lock (_gate)
        {
            if (!_pulls.Remove(facts.Hash, out List<Held>? waiting)) return;
            foreach (Held held in waiting)
            {
                held.IsDecided = true;
                if (content is null) dropped++;
                else if (NodeCodec.TryDecode(held.Kind, held.Fields, f => f == facts ? content : null, out object? message, out _)
                    == DecodeOutcome.Read) held.Ready = message;
            }
            foreach ((LinkedPeer Owner, object Order) order in waiting.Select(held => held.Order).Distinct()) Advance(order);
        }
        if (content is null) Fail(owner, facts, failure ?? "failed", why, dropped);
        else parts.Metrics.CountPull(failure: null, facts.ByteCount);
    }

    /// <summary>Tells what stands at the front of a line and is decided. Within the lock, so that nothing overtakes.</summary>
    private void Advance((LinkedPeer Owner, object Order) order)
    {
        if (!_lines.TryGetValue(order, out Queue<Held>? line)) return;
        while (line.TryPeek(out Held? held) && (held.IsDecided || held.Ready is not null))
        {
            line.Dequeue();
            _held--;
            _heldOctets -= held.Size;
            if (held.Ready is { } ready) parts.Tell(held.Owner, ready);
        }
        if (line.Count == 0) _lines.Remove(order);
    }

    private void Enqueue(Queue<Held> line, Held held)
    {
        line.Enqueue(held);
        _held++;
        _heldOctets += held.Size;
    }

    private bool HasRoom(int octets)
    {
        if (_held < parts.Options.MaxWaiting && _heldOctets + octets <= parts.Options.QueueOctets) return true;
        parts.Metrics.CountDropped("waiting_full");
        return false;
    }

    private void Fail(LinkedPeer owner, ZoneFacts facts, string word, string why, int dropped)
    {
        parts.Metrics.CountPull(word, octets: 0);
        parts.Metrics.CountDropped("no_content", dropped);
        if (!owner.IsGone && parts.Repeats.MaySay($"{owner.Peer.Node} content {word}"))
            LogFailed(parts.Logger, facts.Apex.ToString(), facts.Serial, owner.Peer.Node, why);
    }

    [LoggerMessage(EventId = 608, EventName = "node-content-failed", Level = LogLevel.Warning,
        Message = "the content of {Zone} with serial {Serial} could not be fetched from {Node}: {Why}")]
    private static partial void LogFailed(ILogger logger, string zone, uint serial, string node, string why);

    private sealed record Held(
        LinkedPeer Owner, (LinkedPeer Owner, object Order) Order, int Kind, byte[] Fields, object? Ready, int Size)
    {
        /// <summary>The message as it is told; null when it is not told.</summary>
        public object? Ready { get; set; } = Ready;

        /// <summary>Its content came, or never will.</summary>
        public bool IsDecided { get; set; }
    }
}
