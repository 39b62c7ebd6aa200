using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Transfers;

/// <summary>
/// Knows the masters: which zone has which, their addresses (names are looked up and remembered for a while), which of them are dead,
/// and how fast they may be asked. One for each node, so that what one zone's pass learns spares all others the wait.
/// </summary>
/// <remarks>
/// A pass gets its addresses when there is leave to ask all of them; until then it waits in the queue of its masters, the urgent before the
/// regular, so that zones of other masters are not held up. A dead address is tried here, about a zone it was asked about before, and
/// never by a pass that has somebody else to ask. When it answers again, <see cref="MasterReturned"/> goes over the event stream.
/// </remarks>
public sealed partial class MasterDirectoryActor : UntypedActor
{
    private static readonly TimeSpan AddressesFresh = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestTrialDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TrialAtMost = TimeSpan.FromSeconds(10);
    private static readonly Reason NoneConfigured = new(ReasonCode.NoMaster, "no master is configured for the zone");
    private static readonly object PaceTimer = new();
    private static readonly object TrialTimer = new();

    private readonly MasterDirectorySettings _settings;
    private readonly IMasterClient _client;
    private readonly MasterBoard _board = new();
    private readonly QuestionPace _pace;
    private Dictionary<Master, Entry> _entries = [];
    private long _lookups;
    private long _trials;
    private int _toldVersion;
    private bool _addressesChanged;

    private MasterDirectoryActor(MasterDirectorySettings settings)
    {
        _settings = settings;
        _client = settings.Client;
        _pace = new QuestionPace(settings.Pace);
        Take(settings.Roster);
    }

    /// <summary>The recipe.</summary>
    public static Props Props(MasterDirectorySettings settings) => Kernel.Props.Create(static s => new MasterDirectoryActor(s), settings);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case GetMasters get: Enqueue(get, Sender); break;
            case Terminated gone: Forget(gone.ActorRef); break;
            case MasterResolved resolved: OnResolved(resolved); break;
            case MasterHeard heard: Hear(heard); break;
            case SoaAnswered answer:
                Reason? silent = answer.Outcome == SoaOutcome.Unreachable ? answer.MasterReason ?? answer.Reason : null;
                Hear(new MasterHeard(answer.Address.Route, silent));
                break;
            case GetMasterStates:
                Sender.Tell(States(), Self);
                break;
            case ReplaceMasters replace:
                _settings.Roster = replace.Roster;
                Take(replace.Roster);
                _addressesChanged = true;
                Requeue();
                break;
            case object timer when timer == TrialTimer: TryDead(); break;
            case object timer when timer == PaceTimer: break;
            default:
                Unhandled(message);
                return;
        }

        Serve();
        if (_board.Version == _toldVersion && !_addressesChanged) return;
        _toldVersion = _board.Version;
        _addressesChanged = false;
        Context.System.EventStream.Publish(States());
    }

    private MasterStates States() =>
        new([.. _entries.Values.SelectMany(e => States(e, Clock.Monotonic))]) { Roster = _settings.Roster };

    private void Take(MasterRoster roster) =>
        _entries = roster.All.ToDictionary(m => m, m => _entries.GetValueOrDefault(m) ?? new Entry(m));

    /// <summary>Looks up what is not fresh. Old addresses stay in use meanwhile; only a master without any makes a pass wait.</summary>
    private void Refresh(ImmutableArray<Master> masters)
    {
        foreach (Master master in masters)
        {
            Entry entry = _entries[master];
            if (entry.Lookup != 0 || entry.FreshUntil > Clock.Monotonic) continue;
            entry.Lookup = ++_lookups;
            _client.Resolve(new ResolveMaster(entry.Lookup, entry.Master), Context.ReplyTo());
        }
    }

    private void OnResolved(MasterResolved resolved)
    {
        if (_entries.Values.FirstOrDefault(e => e.Lookup == resolved.Id) is not { } entry) return;
        entry.Lookup = 0;
        entry.Tried = true;
        entry.Reason = resolved.Reason;
        entry.FreshUntil = Clock.Monotonic + (resolved.Reason is null ? AddressesFresh : TimeSpan.FromSeconds(2));
        if (resolved.EndPoints.Count > 0)
        {
            _addressesChanged |= !resolved.EndPoints.SequenceEqual(entry.Addresses.Select(a => a.EndPoint));
            entry.Addresses = [.. resolved.EndPoints.Select(e => new MasterAddress(entry.Master, e))];
        }

        _board.Keep([.. _entries.Values.SelectMany(e => e.Addresses).Select(a => a.Route)]);
        _pace.Keep(_entries.Values.SelectMany(e => e.Addresses).Select(a => a.EndPoint).ToHashSet());
    }

    private void Hear(MasterHeard heard)
    {
        if (_board.Heard(heard, Clock.Monotonic))
        {
            CodeProbe.Reached("masters.returned");
            Context.System.EventStream.Publish(new MasterReturned(heard.Route.EndPoint));
        }

        ArmTrial();
    }

    /// <summary>Asks the dead whose turn it is.</summary>
    private void TryDead()
    {
        foreach (MasterAddress address in _entries.Values.SelectMany(e => e.Addresses))
        {
            if (_board.BeginTrial(address.Route, Clock.Monotonic, TrialAtMost) is { } zone)
                _client.AskSoa(new AskSoa(++_trials, zone, address, _settings.TrialTimeout), Context.ReplyTo());
        }

        ArmTrial();
    }

    private void ArmTrial()
    {
        if (_board.NextTrialAt is not { } at || Timers.IsTimerActive(TrialTimer)) return;
        TimeSpan delay = at - Clock.Monotonic;
        Timers.StartSingleTimer(TrialTimer, TrialTimer, delay > ShortestTrialDelay ? delay : ShortestTrialDelay);
    }

    private IEnumerable<MasterState> States(Entry entry, TimeSpan now) => entry.Addresses.Length > 0
        ? entry.Addresses.Select(a => _board.State(a, now))
        : [new MasterState(entry.Master.Name, null, "unknown", 0, entry.Reason, null) { Tls = entry.Master.Tls }];

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
/// <param name="roster">The masters to begin with.</param>
public sealed class MasterDirectorySettings(IMasterClient client, MasterRoster roster)
{
    /// <summary>Port to the masters.</summary>
    public IMasterClient Client { get; } = client;

    /// <summary>How fast masters may be asked.</summary>
    public PaceLimits Pace { get; init; } = new(500, 2000);

    /// <summary>For the question that may close a circuit.</summary>
    public TimeSpan TrialTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The masters in force.</summary>
    internal MasterRoster Roster { get; set; } = roster;
}
