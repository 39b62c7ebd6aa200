using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Sweeps;

/// <summary>
/// Compares the servers that this node holds with what is wanted, one server at a time.
/// </summary>
/// <remarks>
/// <code>
///   resting --due--> asking --here, up--> listing --named--> comparing --all wanted read--> confirming --> resting
///                      | elsewhere, away     | failed           | a page of wanted zones       | each: server, then journal
///                      +------- resting -----+                  +- missing: its owner is asked to look
/// </code>
/// The server is asked first and the journal behind it: a zone is in the journal before any server hears of it, so one that the server
/// names and the journal does not want was not just created. It may just have been deleted, so before it is told, the server must still
/// serve it and then the journal must have no row of it at all. What is wanted is asked of the journal, since the zones' shards are spread
/// over the nodes. Nothing is ever changed at a server from here: who owns a missing zone tells the target what is wanted, as after a
/// return.
/// <para>Memory: the names that one server has, while they are compared, and bounded lists of what was found.</para>
/// </remarks>
public sealed partial class ServerSweepActor : UntypedActor
{
    private const int PageSize = 500;
    private static readonly object DueTimer = new();
    private static readonly object PaceTimer = new();
    private static readonly object StuckTimer = new();
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Every question is answered in the end; should an answer be lost with a part that broke, the server is given up for
    /// now.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryMaximum = TimeSpan.FromMinutes(10);

    private readonly SweepSettings _settings;
    private readonly ILogger _logger;
    private readonly SortedDictionary<string, Course> _courses = new(StringComparer.Ordinal);
    private readonly Queue<DomainName> _toLook = new();
    private readonly Queue<DomainName> _toConfirm = new();
    private readonly List<ForeignZone> _foreign = [];
    private Course? _course;
    private Phase _phase;
    private long _question;
    private HashSet<DomainName> _unclaimed = [];
    private ServerFindings _round = new("", "");
    private DomainName? _after;
    private bool _isLastPage;
    private uint _serial;
    private double _credit;

    private ServerSweepActor(SweepSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<ServerSweepActor>();
    }

    private enum Phase
    {
        Resting = 0,
        Asking = 1,
        Listing = 2,
        Comparing = 3,
        Confirming = 4,
    }

    /// <summary>The recipe.</summary>
    public static Props Props(SweepSettings settings) => Kernel.Props.Create(static s => new ServerSweepActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(TargetSetChanged));
        Context.System.EventStream.Subscribe(Self, typeof(TargetHealthChanged));
        _settings.TargetDirectory.Tell(new GetTargetSet(), Self);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case TargetSetChanged x: TargetsAre(x.Targets); break;
            case TargetHealthChanged { Returned: true } x: Soon(x.Target); break;
            case TargetHealthChanged: break;
            case GetSweep: Sender.Tell(Findings(), Self); break;
            case SweepNow x: BeginAll(x.Target); break;
            case ZoneAdopted x: Forget(x.Zone); break;
            case TargetStatus x when _phase == Phase.Asking && x.Name == _course!.Name: Asked(x); break;
            case ServedListed x when _phase == Phase.Listing && x.Id == _question: Listed(x); break;
            case WantedRead x when _phase == Phase.Comparing && x.After == _after: Compare(x.Zones); break;
            case WantedReadFailed x when _phase == Phase.Comparing: Fail(x.Reason); break;
            case ZoneObserved x when _phase == Phase.Confirming && x.Id == _question: Observed(x); break;
            case ZoneRead x when IsConfirming(x.Zone): Read(x.Row); break;
            case ZoneReadFailed x when IsConfirming(x.Zone): Fail(x.Reason); break;
            case object timer when timer == DueTimer: Next(); break;
            case object timer when timer == PaceTimer: GoOn(); break;
            case object timer when timer == StuckTimer: Fail(new Reason(ReasonCode.Overload, "an answer did not come in time")); break;

            // Of what was asked for a server that was given up since, and the owners' answers to a look.
            case TargetStatus or ServedListed or WantedRead or WantedReadFailed or ZoneObserved or ZoneRead or ZoneReadFailed or ZoneReply:
                break;
            default: Unhandled(message); break;
        }
    }

    private bool IsConfirming(DomainName zone) =>
        _phase == Phase.Confirming && _toConfirm.TryPeek(out DomainName? head) && head == zone;

    private void TargetsAre(TargetSet set)
    {
        foreach (string gone in _courses.Keys.Where(name => !set.Targets.ContainsKey(name)).ToArray())
        {
            if (_course == _courses[gone]) GiveUp();
            _courses.Remove(gone);
            Context.System.EventStream.Publish(new ServerFindings(gone, "elsewhere"));
        }

        foreach ((string name, IActorRef target) in set.Targets)
        {
            if (!_courses.TryGetValue(name, out Course? course)) _courses.Add(name, course = new Course(name));
            if (course.Target == target) continue;
            if (_course == course) GiveUp();
            course.Target = target;
            course.DueAt = Clock.Monotonic + _settings.AfterReturn;
        }

        Next();
    }

    private void Soon(string target)
    {
        if (!_courses.TryGetValue(target, out Course? course)) return;
        TimeSpan soon = Clock.Monotonic + _settings.AfterReturn;
        if (_course == course) GiveUp();
        if (course.DueAt > soon) course.DueAt = soon;
        Next();
    }

    private void BeginAll(string? target)
    {
        foreach (Course course in _courses.Values)
        {
            if (target is null || course.Name == target) course.DueAt = Clock.Monotonic;
        }

        Next();
        Sender.Tell(Findings(), Self);
    }

    /// <summary>Begins the server whose turn it is, or waits for it.</summary>
    private void Next()
    {
        if (_phase != Phase.Resting) return;
        Course? next = _courses.Values.MinBy(c => c.DueAt);
        if (next is null) return;
        if (next.DueAt > Clock.Monotonic)
        {
            Timers.StartSingleTimer(DueTimer, DueTimer, next.DueAt - Clock.Monotonic);
            return;
        }

        _course = next;
        next.DueAt = Clock.Monotonic + _settings.Interval;
        _round = new ServerFindings(next.Name, "sweeping");
        Enter(Phase.Asking);
        next.Target!.Tell(new GetTargetStatus(), Self);
    }

    private void Enter(Phase phase)
    {
        _phase = phase;
        Timers.StartSingleTimer(StuckTimer, StuckTimer, StuckAfter);
    }

    private void Asked(TargetStatus status)
    {
        if (status.Listing is not { } listing)
        {
            // Who holds it now sweeps it. When this node becomes the holder its actor is another one, and the sweep begins anew.
            End(new ServerFindings(_course!.Name, "elsewhere"));
        }
        else if (!status.Healthy)
        {
            End(_course!.Last with { State = "away", Reason = status.Reason });
        }
        else
        {
            _round = _round with { Listing = listing };
            if (listing == ZoneListing.None)
            {
                BeginComparing();
                return;
            }

            Enter(Phase.Listing);
            _course!.Target!.Tell(new AskServer(new ListServed(++_question, _settings.ZonesMaximum)), Self);
        }
    }

    private void Listed(ServedListed listed)
    {
        if (listed.Failure is { } failure)
        {
            Fail(failure);
            return;
        }

        _unclaimed = [.. listed.Zones];
        _round = _round with { Named = _unclaimed.Count };
        BeginComparing();
    }

    private void BeginComparing()
    {
        _after = null;
        _isLastPage = false;
        Enter(Phase.Comparing);
        Timers.StartPeriodicTimer(PaceTimer, PaceTimer, TimeSpan.Zero, Pace);
    }

    /// <summary>A step of the comparison: the next page, or some of the looks that the last one has led to.</summary>
    private void GoOn()
    {
        if (_phase != Phase.Comparing) return;
        _credit = Math.Min(_credit + (_settings.ChecksPerSecond * Pace.TotalSeconds), Math.Max(1, _settings.ChecksPerSecond));
        for (; _credit >= 1 && _toLook.TryDequeue(out DomainName? zone); _credit--)
            _settings.Region.Tell(new LookAtTarget(zone, _course!.Name), Self);
        if (_toLook.Count > 0) return;
        if (_isLastPage) BeginConfirming();
        else AskPage();
    }

    private void AskPage()
    {
        Timers.Cancel(PaceTimer);
        Enter(Phase.Comparing);
        _settings.Journal.Tell(new AskWanted(_after, PageSize), Self);
    }

    private void Compare(ImmutableArray<DomainName> wanted)
    {
        foreach (DomainName zone in wanted)
        {
            bool isNamed = _unclaimed.Remove(zone);
            if (_settings.Policy is { } policy && !policy.Current.IsPlaced(zone, _course!.Name))
            {
                // What the server has all the same the zone's owner takes away.
                if (isNamed) _toLook.Enqueue(zone);
                continue;
            }

            if (isNamed && _round.Listing == ZoneListing.Whole) continue;
            _toLook.Enqueue(zone);
            if (!isNamed && _round.Listing != ZoneListing.None) _round = _round with { Missing = _round.Missing + 1 };
        }

        _isLastPage = wanted.Length < PageSize;
        if (!wanted.IsEmpty) _after = wanted[^1];
        Enter(Phase.Comparing);
        Timers.StartPeriodicTimer(PaceTimer, PaceTimer, Pace, Pace);
    }

    private void BeginConfirming()
    {
        Timers.Cancel(PaceTimer);
        Enter(Phase.Confirming);
        foreach (DomainName zone in _unclaimed.Order().Take(_settings.NamesMaximum)) _toConfirm.Enqueue(zone);
        _round = _round with { FurtherForeign = _unclaimed.Count - _toConfirm.Count };
        Confirm();
    }

    private void Confirm()
    {
        if (_toConfirm.TryPeek(out DomainName? zone)) _course!.Target!.Tell(new AskServer(new ObserveZone(++_question, zone)), Self);
        else Finish();
    }

    private void Observed(ZoneObserved seen)
    {
        if (seen.Observation != Observation.Present)
        {
            Confirmed();
            return;
        }

        _serial = seen.Serial;
        Enter(Phase.Confirming);
        _settings.Journal.Tell(new AskZoneRow(_toConfirm.Peek()), Self);
    }

    private void Read(ZoneRow? row)
    {
        if (row is null)
        {
            DomainName zone = _toConfirm.Peek();
            DateTimeOffset since = _course!.Last.Foreign.FirstOrDefault(f => f.Zone == zone)?.Since ?? Clock.UtcNow;
            _foreign.Add(new ForeignZone(zone, _serial, since));
        }

        Confirmed();
    }

    private void Confirmed()
    {
        _toConfirm.Dequeue();
        Enter(Phase.Confirming);
        Confirm();
    }

    private void Finish()
    {
        ServerFindings before = _course!.Last;
        ServerFindings found = _round with { State = "swept", SweptAt = Clock.UtcNow, Foreign = [.. _foreign] };
        if (found.Missing > 0) LogMissing(_logger, found.Target, found.Missing);
        if (found.Foreign.Length > before.Foreign.Length) LogForeign(_logger, found.Target, found.Foreign.Length, found.Foreign[0].Zone);
        End(found);
    }

    /// <summary>What was found before stands; the server is tried again sooner than in its turn.</summary>
    private void Fail(Reason reason)
    {
        if (_course is not { } course) return;
        LogFailed(_logger, course.Name, reason.ToString());
        TimeSpan again = _settings.Interval < RetryMaximum ? _settings.Interval : RetryMaximum;
        course.DueAt = Clock.Monotonic + again;
        End(course.Last with { State = "failed", Reason = reason });
    }

    private void End(ServerFindings findings)
    {
        _course!.Last = findings;
        Context.System.EventStream.Publish(findings);
        GiveUp();
        Next();
    }

    private void GiveUp()
    {
        Timers.Cancel(StuckTimer);
        Timers.Cancel(PaceTimer);
        _phase = Phase.Resting;
        _course = null;
        _unclaimed = [];
        _toLook.Clear();
        _toConfirm.Clear();
        _foreign.Clear();
    }

    private void Forget(DomainName zone)
    {
        foreach (Course course in _courses.Values.Where(c => c.Last.Foreign.Any(f => f.Zone == zone)))
        {
            course.Last = course.Last with { Foreign = course.Last.Foreign.RemoveAll(f => f.Zone == zone) };
            Context.System.EventStream.Publish(course.Last);
        }
    }

    private SweepFindings Findings() =>
        new([.. _courses.Values.Select(c => c == _course ? c.Last with { State = "sweeping" } : c.Last)]);

    [LoggerMessage(EventId = 240, EventName = "zones-missing", Level = LogLevel.Warning,
        Message = "{Target} does not have {Missing} zones that are wanted; their owners look at it again")]
    private static partial void LogMissing(ILogger logger, string target, int missing);

    [LoggerMessage(EventId = 241, EventName = "zones-not-created", Level = LogLevel.Warning,
        Message = "{Target} has {Zones} zones that nobody created here, such as {Example}")]
    private static partial void LogForeign(ILogger logger, string target, int zones, DomainName example);

    [LoggerMessage(EventId = 242, EventName = "sweep-failed", Level = LogLevel.Warning, Message = "{Target} was not compared: {Reason}")]
    private static partial void LogFailed(ILogger logger, string target, string reason);

    /// <summary>One server, and when its turn is.</summary>
    private sealed class Course(string name)
    {
        public string Name { get; } = name;

        public IActorRef? Target { get; set; }

        public TimeSpan DueAt { get; set; }

        public ServerFindings Last { get; set; } = new(name, "waiting");
    }
}
