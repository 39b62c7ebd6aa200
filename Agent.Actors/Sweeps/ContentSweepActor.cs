using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Actors.Sweeps;

/// <summary>
/// Has the content of every zone looked at, at every server that this node holds and whose rule for drift wants it: one server after the
/// other, slowly, and no faster than the server's own actor gets done.
/// </summary>
/// <remarks>
/// <code>
///   resting --due--> asking --held here, up, rule not off--> going: a page of wanted zones, then step by step
///                      |                                       |  ask how many comparisons wait, tell some owners to look
///                      +--- resting &lt;---elsewhere, away, off---+--last page told--> resting
/// </code>
/// Nothing is compared or changed from here: the owner of each zone tells the server's actor what is wanted, which looks, and does what the
/// rule says. So a zone that just changes, or whose owner moves, is never compared with something old. When a repair of the whole server
/// was asked for, what is known to differ comes first.
/// <para>Memory: the names of one page, and those that were found before.</para>
/// </remarks>
public sealed class ContentSweepActor : UntypedActor
{
    private const int PageSize = 500;
    private const string Away = "away";
    private static readonly object DueTimer = new();
    private static readonly object StepTimer = new();
    private static readonly object StuckTimer = new();
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AfterReturn = TimeSpan.FromSeconds(30);

    private readonly ContentSweepSettings _settings;
    private readonly SortedDictionary<string, Course> _courses = new(StringComparer.Ordinal);
    private readonly Queue<DomainName> _toLook = new();
    private Course? _course;
    private LookDepth _depth;
    private bool _isGoing;
    private bool _isLastPage;
    private DomainName? _after;
    private double _credit;

    private ContentSweepActor(ContentSweepSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(ContentSweepSettings settings) => Kernel.Props.Create(static s => new ContentSweepActor(s), settings);

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
            case TargetHealthChanged { Returned: true } x: IsBack(x.Target); break;
            case TargetHealthChanged: break;
            case RepairTarget x: Sender.Tell(new RepairBegun(x.Target, Repair(x.Target)), Self); break;
            case GetContentSweep: Sender.Tell(Progress(), Self); break;
            case TargetStatus x when x.Name == _course?.Name: Asked(x); break;
            case TargetDrift x when x.Target == _course?.Name && !_isGoing: Begin(x.Standing); break;
            case WantedRead x when _isGoing && x.After == _after: Take(x.Zones); break;
            case WantedReadFailed when _isGoing: PutOff("failed"); break;
            case object timer when timer == DueTimer: Next(); break;
            case object timer when timer == StepTimer: _course?.Target.Tell(new GetTargetStatus(), Self); break;
            case object timer when timer == StuckTimer: PutOff("failed"); break;

            // Of a server that was given up since, and the owners' answers to a look.
            case TargetStatus or TargetDrift or WantedRead or WantedReadFailed or ZoneReply: break;
            default: Unhandled(message); break;
        }
    }

    private void TargetsAre(TargetSet set)
    {
        foreach (string gone in _courses.Keys.Where(name => !set.Targets.ContainsKey(name)).ToArray())
        {
            if (_course == _courses[gone]) GiveUp();
            _courses.Remove(gone);
        }

        foreach ((string name, IActorRef target) in set.Targets)
        {
            if (_courses.TryGetValue(name, out Course? course) && course.Target == target) continue;
            if (course is not null && _course == course) GiveUp();
            _courses[name] = new Course(name, target) { DueAt = Clock.Monotonic + _settings.AfterStart };
        }

        Next();
    }

    /// <summary>False when the target is not known.</summary>
    private bool Repair(string target)
    {
        if (!_courses.TryGetValue(target, out Course? course)) return false;
        course.IsRepairWanted = true;
        course.DueAt = TimeSpan.Zero;
        if (_course is { } other && (other == course || _depth != LookDepth.Repair))
        {
            // Somebody waits for it: what is only looked through goes on behind it, where it was.
            if (other != course) other.DueAt = Clock.Monotonic;
            other.State = "waiting";
            GiveUp();
        }

        Next();
        return true;
    }

    /// <summary>What was put off for want of the server is due again, behind what it is brought level with first.</summary>
    private void IsBack(string target)
    {
        if (!_courses.TryGetValue(target, out Course? course) || course == _course || course.State != Away) return;
        course.State = "waiting";
        TimeSpan soon = Clock.Monotonic + (course.IsRepairWanted ? TimeSpan.Zero : AfterReturn);
        if (course.DueAt > soon) course.DueAt = soon;
        Next();
    }

    private void Next()
    {
        if (_course is not null) return;
        Course? next = _courses.Values.Where(c => c.IsRepairWanted || _settings.Interval > TimeSpan.Zero).MinBy(c => c.DueAt);
        if (next is null) return;
        if (next.DueAt > Clock.Monotonic)
        {
            Timers.StartSingleTimer(DueTimer, DueTimer, next.DueAt - Clock.Monotonic);
            return;
        }

        _course = next;
        _depth = next.IsRepairWanted ? LookDepth.Repair : LookDepth.Content;
        next.IsRepairWanted = false;
        next.DueAt = Clock.Monotonic + (_settings.Interval > TimeSpan.Zero ? _settings.Interval : TimeSpan.FromDays(1));
        next.State = "sweeping";
        next.Looked = 0;
        Watchdog();
        next.Target.Tell(new GetTargetStatus(), Self);
    }

    private void Watchdog() => Timers.StartSingleTimer(StuckTimer, StuckTimer, StuckAfter);

    private void Asked(TargetStatus status)
    {
        Watchdog();
        if (status.Listing is null) End("elsewhere");
        else if (!status.Healthy) PutOff(Away);
        else if (status.Drift == DriftRule.Off && _depth != LookDepth.Repair) End("off");
        else if (!_isGoing) _course!.Target.Tell(new GetTargetDrift(), Self);
        else GoOn(status.Comparisons);
    }

    private void Begin(ImmutableArray<DriftFinding> standing)
    {
        _isGoing = true;
        _after = _depth == LookDepth.Repair ? null : _course!.After;
        _isLastPage = false;
        foreach (DriftFinding finding in standing) _toLook.Enqueue(finding.Zone);
        _course!.Target.Tell(new GetTargetStatus(), Self);
    }

    private void GoOn(int waiting)
    {
        double most = Math.Max(1, _settings.ChecksPerSecond * Step.TotalSeconds);
        _credit = Math.Min(_credit + (_settings.ChecksPerSecond * Step.TotalSeconds), most);
        for (; _credit >= 1 && waiting < _settings.WaitingMaximum && _toLook.TryDequeue(out DomainName? zone); _credit--, waiting++)
        {
            _course!.Looked++;
            _settings.Region.Tell(new LookAtTarget(zone, _course.Name) { Depth = _depth }, Self);
        }

        if (_toLook.Count > 0) Timers.StartSingleTimer(StepTimer, StepTimer, Step);
        else if (_isLastPage) End("swept");
        else _settings.Journal.Tell(new AskWanted(_after, PageSize), Self);
    }

    private void Take(ImmutableArray<DomainName> wanted)
    {
        Watchdog();
        foreach (DomainName zone in wanted) _toLook.Enqueue(zone);
        _isLastPage = wanted.Length < PageSize;
        if (_depth != LookDepth.Repair) _course!.After = _after;
        if (!wanted.IsEmpty) _after = wanted[^1];
        Timers.StartSingleTimer(StepTimer, StepTimer, Step);
    }

    /// <summary>It did not come to an end: sooner than in its turn, from the page on where it was. A repair begins anew.</summary>
    private void PutOff(string state)
    {
        if (_course is not { } course) return;
        TimeSpan again = Clock.Monotonic + RetryAfter;
        if (course.DueAt > again) course.DueAt = again;
        course.IsRepairWanted |= _depth == LookDepth.Repair;
        End(state);
    }

    private void End(string state)
    {
        _course!.State = state;
        if (state == "swept")
        {
            _course.SweptAt = Clock.UtcNow;
            _course.After = null;
        }

        GiveUp();
        Next();
    }

    private void GiveUp()
    {
        Timers.Cancel(StuckTimer);
        Timers.Cancel(StepTimer);
        _course = null;
        _isGoing = false;
        _toLook.Clear();
    }

    private ContentSweeps Progress() => new([.. _courses.Values.Select(c => new ContentSweep(c.Name, c.State, c.Looked, c.SweptAt))]);

    /// <summary>One server, and when its turn is.</summary>
    private sealed class Course(string name, IActorRef target)
    {
        public string Name { get; } = name;

        public IActorRef Target { get; } = target;

        public TimeSpan DueAt { get; set; }

        public bool IsRepairWanted { get; set; }

        /// <summary>Up to where everything was looked at in a sweep that did not come to its end.</summary>
        public DomainName? After { get; set; }

        public string State { get; set; } = "waiting";

        public long Looked { get; set; }

        public DateTimeOffset? SweptAt { get; set; }
    }
}
