using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Actors.Transfers;

/// <summary>
/// Knows the masters: their addresses (names are looked up and remembered for a while) and which of them are dead. One for
/// each node, so that what one zone's pass learns spares all others the wait.
/// </summary>
public sealed class MasterDirectoryActor : UntypedActor
{
    private static readonly TimeSpan AddressesFresh = TimeSpan.FromSeconds(30);
    private static readonly Reason NoneConfigured = new(ReasonCode.NoMaster, "no master is configured");

    private readonly MasterDirectorySettings _settings;
    private readonly IMasterClient _client;
    private readonly MasterBoard _board = new();
    private readonly List<(GetMasters Request, IActorRef Sender)> _waiting = [];
    private List<Entry> _entries;
    private long _lookups;

    private MasterDirectoryActor(MasterDirectorySettings settings)
    {
        _settings = settings;
        _client = settings.Client;
        _entries = [.. settings.Masters.Select(m => new Entry(m))];
    }

    /// <summary>The recipe.</summary>
    public static Props Props(MasterDirectorySettings settings) => Kernel.Props.Create(static s => new MasterDirectoryActor(s), settings);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case GetMasters get:
                // Who asks again is answered once.
                _waiting.RemoveAll(w => w.Sender == Sender && w.Request.Id == get.Id);
                _waiting.Add((get, Sender));
                Refresh();
                AnswerWaiting();
                break;
            case MasterResolved resolved:
                OnResolved(resolved);
                AnswerWaiting();
                break;
            case MasterHeard heard:
                _board.Heard(heard.EndPoint, heard.Reason, Clock.Monotonic);
                break;
            case GetMasterStates:
                Sender.Tell(new MasterStates([.. _entries.SelectMany(e => States(e, Clock.Monotonic))]), Self);
                break;
            case ReplaceMasters replace:
                _settings.Masters = replace.Masters;
                _entries = [.. replace.Masters.Select(m => _entries.Find(e => e.Master == m) ?? new Entry(m))];
                if (_waiting.Count > 0) Refresh();
                AnswerWaiting();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Looks up what is not fresh. Old addresses stay in use meanwhile; only a master without any makes a pass wait.</summary>
    private void Refresh()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.Lookup != 0 || entry.FreshUntil > Clock.Monotonic) continue;
            entry.Lookup = ++_lookups;
            _client.Resolve(new ResolveMaster(entry.Lookup, entry.Master), Context.ReplyTo());
        }
    }

    private void OnResolved(MasterResolved resolved)
    {
        if (_entries.Find(e => e.Lookup == resolved.Id) is not { } entry) return;
        entry.Lookup = 0;
        entry.Tried = true;
        entry.Reason = resolved.Reason;
        entry.FreshUntil = Clock.Monotonic + (resolved.Reason is null ? AddressesFresh : TimeSpan.FromSeconds(2));
        if (resolved.EndPoints.Count > 0) entry.Addresses = [.. resolved.EndPoints.Select(e => new MasterAddress(entry.Master, e))];
        _board.Keep(_entries.SelectMany(e => e.Addresses).Select(a => a.EndPoint).ToHashSet());
    }

    private void AnswerWaiting()
    {
        if (_waiting.Count == 0 || _entries.Exists(e => !e.Tried)) return;
        ImmutableArray<MasterAddress> all = [.. _entries.SelectMany(e => e.Addresses)];
        Reason? reason = all.Length > 0 ? null : _entries.Select(e => e.Reason).FirstOrDefault(r => r is not null) ?? NoneConfigured;
        foreach ((GetMasters request, IActorRef sender) in _waiting)
        {
            sender.Tell(new MasterPlan(request.Id, _board.Order(all, request.Notifier, Clock.Monotonic), reason), Self);
        }

        _waiting.Clear();
    }

    private IEnumerable<MasterState> States(Entry entry, TimeSpan now) => entry.Addresses.Length > 0
        ? entry.Addresses.Select(a => _board.State(a, now))
        : [new MasterState(entry.Master.Name, null, "unknown", 0, entry.Reason, null)];

    private sealed class Entry(Master master)
    {
        public Master Master { get; } = master;

        public ImmutableArray<MasterAddress> Addresses { get; set; } = [];

        public Reason? Reason { get; set; }

        public bool Tried { get; set; }

        public long Lookup { get; set; }

        public TimeSpan FreshUntil { get; set; }
    }
}

/// <summary>Settings of the directory; they outlive a restart of it, with the masters that came last.</summary>
/// <param name="client">Port to the masters.</param>
/// <param name="masters">The masters to begin with.</param>
public sealed class MasterDirectorySettings(IMasterClient client, ImmutableArray<Master> masters)
{
    /// <summary>Port to the masters.</summary>
    public IMasterClient Client { get; } = client;

    /// <summary>The masters in force.</summary>
    internal ImmutableArray<Master> Masters { get; set; } = masters;
}
