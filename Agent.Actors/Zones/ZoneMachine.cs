using System.Collections.Immutable;
using System.Diagnostics;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>
/// The life of one zone as a pure machine: it takes an input and the time, and says what is to be done.
/// </summary>
/// <remarks>
/// <code>
///              CREATE / NOTIFY(create)        content durable, or accepted at the deadline
///   Unknown ---------------------------> Creating ---------------------------------------> Present
///     ^  ^                                 |   ^                                            |
///     |  +--- no master has it, refused ---+   | CREATE while deleting                      | DELETE, or a server
///     |                                        |                                            | refused the creation
///     +-------- every target seen without it -- Deleting &lt;----------------------------------+
/// </code>
/// Beside the phase run three things, each at most once: a pass over the masters, a journal write that changes the row,
/// and the timers. Inputs record facts and wishes; <see cref="Advance"/> then begins whatever is due. So an input that
/// comes at a bad moment is never lost and never starts the same work twice.
/// <para>Invariants: the row is written before a target is told and before an answer that promises; a requester is answered
/// exactly once; content only moves forward in RFC 1982 order unless an operator forces it; a DELETE cancels what
/// came before it, and a NOTIFY never brings a zone back.</para>
/// <para>Not here: which master is asked and how (the transfer actor), how a server is brought level (the backend actor).</para>
/// </remarks>
public sealed partial class ZoneMachine
{
    private readonly DomainName _name;
    private readonly List<Waiter> _creators = [];
    private readonly List<Waiter> _deleters = [];
    private readonly List<JournalEntry> _events = [];

    private ImmutableArray<string> _targets;
    private ImmutableArray<string> _others;
    private ZonePolicy _policy;
    private ZonePhase _phase;
    private ZoneRow? _row;
    private PutStanding? _standing;
    private DateTimeOffset _now;
    private List<ZoneEffect> _effects = [];

    /// <summary>Makes the machine of a zone that the journal knows (<paramref name="row"/>) or of one that nobody created yet.</summary>
    /// <param name="name">Apex.</param>
    /// <param name="row">Durable state, or null.</param>
    /// <param name="targets">Names of the targets that the zone belongs to, in order.</param>
    /// <param name="policy">Settings.</param>
    /// <param name="others">Names of the other targets that there are.</param>
    public ZoneMachine(
        DomainName name, ZoneRow? row, ImmutableArray<string> targets, ZonePolicy policy, ImmutableArray<string> others = default)
    {
        _name = name;
        _targets = targets;
        _others = others.IsDefault ? [] : others;
        _policy = policy;
        _row = row is null ? null : row with { Targets = Fit(row.Targets) };
        _noted = row?.Targets ?? [];
        _standing = row is null ? null : PutStanding.Of(row);
        _phase = row switch
        {
            null => ZonePhase.Unknown,
            { Wish: ZoneWish.Present } => ZonePhase.Present,
            _ => ZonePhase.Deleting,
        };
    }

    /// <summary>Where the zone is in its life.</summary>
    public ZonePhase Phase => _phase;

    /// <summary>The durable state as last written; null when nothing is durable.</summary>
    public ZoneRow? Row => _row;

    /// <summary>Requesters that wait for an answer.</summary>
    public int Waiting => _creators.Count + _deleters.Count + _deciders.Count + _claimers.Count + _undeleters.Count;

    /// <summary>True when nothing is under way and nothing but a row needs to be kept.</summary>
    public bool IsQuiet =>
        _phase == ZonePhase.Present && _row!.Content is not null && Waiting == 0 && _pass == 0 && _write == 0
        && !_due && _newContent is null && !_delaying && !_retrying && !_wantExpiry && !_wantRevival && !IsMoved && IsTrialAtRest
        && _newCandidate is null
        && _newOwner is null
        && _row.Targets.Length >= _targets.Length && _row.Targets.All(t => t.State is not TargetZoneState.Pending || ZoneWishes.IsKept(t));

    /// <summary>Settings can change while the agent runs.</summary>
    public void ChangePolicy(ZonePolicy policy) => _policy = policy;

    /// <summary>Takes one input.</summary>
    /// <param name="input">What happened.</param>
    /// <param name="now">The time, for rows and events.</param>
    /// <param name="effects">Effects are appended here, in the order in which they are to be carried out.</param>
    public void Handle(ZoneInput input, DateTimeOffset now, List<ZoneEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(input);
        _now = now;
        _effects = effects;
        switch (input)
        {
            case Loaded x: OnLoaded(x); break;
            case CreateAsked x: OnCreate(x); break;
            case DeleteAsked x: OnDelete(x); break;
            case ClaimAsked x: OnClaim(x); break;
            case ReleaseAsked x: OnRelease(x); break;
            case OrphanRemovalAsked x: OnOrphanRemoval(x); break;
            case UndeleteAsked x: OnUndelete(x); break;
            case KeptFound x: OnKeptRead(x); break;
            case NotifyAsked x: OnNotify(x); break;
            case RefreshAsked x: OnRefresh(x); break;
            case DecisionAsked x: OnDecision(x); break;
            case DeadlineReached x: OnDeadline(x.Requester); break;
            case PassMoved x: _passMoving |= x.Pass == _pass; break;
            case PassBrought x: OnBrought(x); break;
            case PassFoundCurrent x: OnCurrent(x); break;
            case PassFailed x: OnPassFailed(x); break;
            case JournalWritten x: OnWritten(x.Write); break;
            case JournalRefused x: OnWriteRefused(x); break;
            case JournalDelayed x: OnWriteDelayed(x); break;
            case TargetReported x: OnTarget(x); break;
            case TargetsChanged x: OnTargetsChanged(x); break;
            case TimerFired x: OnTimer(x.Timer); break;
            default: throw new UnreachableException($"input {input.GetType().Name}");
        }

        Advance();
        FlushEvents();
    }

    /// <summary>Begins whatever is due and possible. Called after every input; does nothing when nothing is.</summary>
    private void Advance()
    {
        if (_phase == ZonePhase.Deleting && _recreate && !_wantDelete && _write == 0)
        {
            CodeProbe.Reached("zone.created-behind-deletion");
            // The deletion is durable and the CREATE came after it: the newer wish wins, and whoever asked for the deletion got it.
            AnswerAll(_deleters, ZoneOutcome.Done, null);
            BeginAgain();
        }

        if (IsOnTrial) JudgeTrial();
        if (_write == 0) BeginWrite();

        bool writeAllowsPass = _write == 0 || _writePurpose == WritePurpose.Accept;
        bool isWanted = _phase is ZonePhase.Creating or ZonePhase.Present && !_restoring;
        if (_due && isWanted && _pass == 0 && writeAllowsPass && !_delaying && !IsTrialMoving) StartPass();
    }

    /// <summary>Behind a deletion the zone is created once more, from its masters or with what it had.</summary>
    private void BeginAgain()
    {
        _recreate = false;
        _phase = ZonePhase.Creating;
        if (_restoring) Restore();
        else _due = true;
    }

    private void BeginWrite()
    {
        if (_wantDelete)
        {
            Write(WritePurpose.Delete, NextRow(ZoneWish.Absent, _row?.Content));
        }
        else if (_newContent is not null && _phase is ZonePhase.Creating or ZonePhase.Present && IsStaged)
        {
            WriteTrial();
        }
        else if (_newContent is not null && _phase is ZonePhase.Creating or ZonePhase.Present)
        {
            Write(WritePurpose.Content, NextRow(ZoneWish.Present, _newContent) with
            {
                RefreshedAt = _now,
                Lifetime = Granted(_newContent, _newExpire),
                Candidate = null,
            });
        }
        else if (_wantAccept && _phase == ZonePhase.Creating)
        {
            Write(WritePurpose.Accept, NextRow(ZoneWish.Present, null));
        }
        else if (_wantRevival && _phase == ZonePhase.Present)
        {
            WriteRevival();
        }
        else if (_wantExpiry && _phase == ZonePhase.Present)
        {
            WriteExpiry();
        }
        else if (IsMoved && !_retrying)
        {
            WritePlacement();
        }
        else if (_newOwner is not null && _phase == ZonePhase.Present)
        {
            WriteOwner();
        }
        else if (_newCandidate is not null && _phase == ZonePhase.Present)
        {
            WriteCandidate();
        }
        else if (_phase == ZonePhase.Deleting && !_retrying && _row is { Wish: ZoneWish.Absent } row
            && row.Targets.Length >= _targets.Length && row.Targets.All(t => t.State == TargetZoneState.Verified))
        {
            AddEvent("forgotten", "no server has the zone any more");
            Write(WritePurpose.Forget, null);
        }
    }

    private ZoneRow NextRow(ZoneWish wish, ZoneContent? content) => new()
    {
        Name = _row?.Name ?? _name,
        Wish = wish,
        Generation = (_row?.Generation ?? 0) + 1,
        Content = content,
        ChangedAt = _now,
        RefreshedAt = _row?.RefreshedAt,
        Lifetime = _row?.Lifetime,
        Candidate = wish == ZoneWish.Present ? _row?.Candidate : null,
        Owner = _phase == ZonePhase.Creating ? _claim ?? _creator : _row?.Owner,
        RefusedSince = wish == ZoneWish.Present ? _row?.RefusedSince : null,
        Targets = AllPending(),
    };

    /// <summary>Nothing is proven yet, of the zone's targets and of those that it has to leave.</summary>
    private ImmutableArray<TargetProgress> AllPending() =>
        [.. Fit(_row?.Targets ?? []).Select(static t => t with { State = TargetZoneState.Pending, Reason = null })];

    private void SetReason(Reason? reason)
    {
        if (_row is null || _row.Reason == reason || IsExpired) return;
        bool isSame = reason is not null && _row.Reason?.Code == reason.Code;
        _row = _row with { Reason = reason, ReasonSince = isSame ? _row.ReasonSince : reason is null ? null : _now };
    }

    private void AddEvent(string code, string text, uint? serial = null, string? target = null, string? traceId = null) =>
        _events.Add(new ZoneEvent(_name, _now, code, text, serial, target, traceId));

    /// <summary>Events that no row change carried along are written by themselves; nobody waits for them.</summary>
    private void FlushEvents()
    {
        NoteStanding();
        if (_events.Count == 0) return;
        _effects.Add(new WriteJournal(0, [.. _events]));
        _events.Clear();
    }

    /// <summary>How the zone stands with its masters changes without its row; a row that is being written carries it itself.</summary>
    private void NoteStanding()
    {
        if (_write != 0 || _row is null) return;
        PutStanding now = PutStanding.Of(_row);
        if (now == _standing) return;
        _standing = now;
        _events.Add(now);
    }

    private void Answer(long requester, ZoneOutcome outcome, Reason? reason) =>
        _effects.Add(new AnswerRequester(requester, outcome, reason));

    private void AnswerAll(List<Waiter> waiters, ZoneOutcome outcome, Reason? reason)
    {
        foreach (Waiter waiter in waiters) Answer(waiter.Requester, outcome, reason);
        waiters.Clear();
    }

    /// <summary>Answers those for whom being durable is enough, because their deadline has passed.</summary>
    private bool AnswerLate(List<Waiter> waiters, ZoneOutcome outcome, Reason? reason)
    {
        foreach (Waiter waiter in waiters.Where(w => w.Late)) Answer(waiter.Requester, outcome, reason);
        return waiters.RemoveAll(w => w.Late) > 0;
    }

    /// <summary>A requester that waits, and the targets whose proof it waits for.</summary>
    private sealed class Waiter(long requester, ImmutableArray<string> counted)
    {
        public long Requester { get; } = requester;

        public ImmutableArray<string> Counted { get; private set; } = counted;

        /// <summary>Targets that are gone prove nothing any more. When none is left it waits for all that there are, as if it came
        /// now.</summary>
        public void CountOnly(ImmutableArray<string> targets)
        {
            if (Counted.All(targets.Contains)) return;
            ImmutableArray<string> left = [.. Counted.Where(targets.Contains)];
            Counted = left.IsEmpty ? targets : left;
        }

        /// <summary>The deadline has passed; answered as soon as the wish is durable.</summary>
        public bool Late { get; set; }
    }
}

/// <summary>Where a zone is in its life.</summary>
public enum ZonePhase
{
    /// <summary>Nothing is wanted and nothing is durable.</summary>
    Unknown = 0,

    /// <summary>Wanted, but not durable yet.</summary>
    Creating = 1,

    /// <summary>Durable and wanted.</summary>
    Present = 2,

    /// <summary>To be taken from all targets.</summary>
    Deleting = 3,
}
