using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Catalog;
using Agent.Dns.Catalogs;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Catalog;

/// <summary>
/// A consumer that keeps the rules of RFC 9432 and answers for what it holds; it takes the catalog from the driver and the members from
/// what the driver was given, as if it had transferred them at once.
/// </summary>
internal sealed class CatalogFollower : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ScriptedDnsServer _server;
    private readonly Dictionary<DomainName, ZoneContent> _given = [];
    private readonly Dictionary<DomainName, (string Label, ZoneContent Content)> _held = [];
    private readonly List<DomainName> _heard = [];
    private ProducedCatalog? _catalog;
    private MemoryZoneContent? _read;

    // The version of the catalog that it does not follow any more, because something was taken away since.
    private uint? _lost;

    public CatalogFollower() => _server = new ScriptedDnsServer(Answer);

    public System.Net.EndPoint EndPoint => _server.EndPoint;

    /// <summary>It does what the catalog says; else it goes on with what it has.</summary>
    public bool Follows { get; set; } = true;

    /// <summary>What NOTIFY has to be signed with; null: it hears everybody.</summary>
    public TsigKey? Key { get; set; }

    /// <summary>How often it was told of a zone by NOTIFY.</summary>
    public int CountOfNews(DomainName zone)
    {
        lock (_gate) return _heard.Count(heard => heard == zone);
    }

    /// <summary>A zone of its own that no catalog gave it.</summary>
    public void Hold(ZoneContent content)
    {
        lock (_gate) _held[content.Apex] = ("", content);
    }

    /// <summary>A zone is taken away there by hand; it comes back with the next version of the catalog.</summary>
    public void Lose(DomainName zone)
    {
        lock (_gate)
        {
            _held.Remove(zone);
            _lost = _read?.Serial;
        }
    }

    /// <summary>Somebody writes something else into a zone that it has by the catalog.</summary>
    public void Edit(ZoneContent content)
    {
        lock (_gate) _held[content.Apex] = _held[content.Apex] with { Content = content };
    }

    public ZoneContent? Read(DomainName zone)
    {
        lock (_gate) return _held.TryGetValue(zone, out (string Label, ZoneContent Content) held) ? held.Content : null;
    }

    /// <summary>Names the zones that a journal would name.</summary>
    public Task<IReadOnlyCollection<DomainName>> WantedAsync()
    {
        lock (_gate) return Task.FromResult<IReadOnlyCollection<DomainName>>([.. _given.Keys]);
    }

    /// <summary>A driver whose contents can be transferred from here.</summary>
    public IZoneBackend Feed(CatalogBackend backend) => new Fed(backend, this);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private byte[] Answer(byte[] query)
    {
        MessageReader reader = new(query);
        if (!reader.TryReadQuestion(out QuestionView question) || question.ToName() is not { } zone) return ScriptedDnsServer.Refuse(query);
        lock (_gate)
        {
            if (reader.Header.Opcode == Opcode.Notify)
            {
                byte[] answer = AnswerToNews(query, reader.Offset, out bool isHeard);
                if (isHeard) _heard.Add(zone);
                return answer;
            }

            if (Follows) Follow();
            uint? serial = zone == _catalog?.Name ? _read?.Serial : _held.TryGetValue(zone, out var held) ? held.Content.Serial : null;
            return serial is { } known ? ScriptedDnsServer.AnswerSoa(query, known) : ScriptedDnsServer.Refuse(query);
        }
    }

    private byte[] AnswerToNews(byte[] query, int questionEnd, out bool isHeard)
    {
        isHeard = true;
        if (Key is not { } key) return ScriptedDnsServer.Answer(query, 0xa400);
        ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        TsigVerification signature = TsigVerifier.VerifyRequest(query, new TsigKeyring([key]), now);
        isHeard = signature.IsVerified;
        byte[] answer = new byte[512];
        ScriptedDnsServer.Answer(query[..questionEnd], isHeard ? (ushort)0xa400 : (ushort)0xa409).CopyTo(answer, 0);
        answer[11] = 0;
        int length = questionEnd;
        TsigSigner.TrySignReply(answer, ref length, signature, now);
        return answer[..length];
    }

    private void Follow()
    {
        if (_catalog?.Published?.Content is not { } content || content.Serial == _lost) return;
        if (_read is not null && SerialNumber.IsNewer(_read.Serial, content.Serial)) return;
        _read = content;
        Dictionary<DomainName, string> members =
            CatalogReader.Read(content, int.MaxValue / 4).Catalog!.Members.ToDictionary(member => member.Zone, member => member.Label);
        foreach (DomainName zone in _held.Where(held => held.Value.Label.Length > 0).Select(held => held.Key).ToList())
        {
            // Another label: it is to be forgotten, and begun anew.
            if (members.GetValueOrDefault(zone) != _held[zone].Label) _held.Remove(zone);
        }

        foreach ((DomainName zone, string label) in members)
        {
            if (!_given.TryGetValue(zone, out ZoneContent? given)) continue;
            if (!_held.TryGetValue(zone, out var held) || SerialNumber.IsNewer(given.Serial, held.Content.Serial))
                _held[zone] = (label, given);
        }
    }

    /// <summary>Of several, each stands for a run of the agent: who has the last order is the one that runs.</summary>
    private sealed class Fed(CatalogBackend inner, CatalogFollower follower) : IZoneBackend
    {
        public BackendTraits Traits => inner.Traits;

        public void Apply(ApplyZone order, ReplyTo replyTo)
        {
            lock (follower._gate) follower._given[order.Zone] = order.Content;
            Running().Apply(order, replyTo);
        }

        public void Remove(RemoveZone order, ReplyTo replyTo)
        {
            lock (follower._gate) follower._given.Remove(order.Zone);
            Running().Remove(order, replyTo);
        }

        public void Observe(ObserveZone order, ReplyTo replyTo) => Running().Observe(order, replyTo);

        public void Probe(ProbeServer order, ReplyTo replyTo) => Running().Probe(order, replyTo);

        public void List(ListServed order, ReplyTo replyTo) => Running().List(order, replyTo);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private CatalogBackend Running()
        {
            lock (follower._gate) follower._catalog = inner.Catalog;
            return inner;
        }
    }
}
