using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

/// <summary>
/// Feeds a zone machine and stands for everything around it: it remembers what is under way, what was answered and told, and
/// checks after each input what must never happen.
/// </summary>
internal sealed class ZoneMachineDriver
{
    public static readonly ImmutableArray<string> TargetNames = ["ns1", "ns2"];
    public static readonly RequestOrigin Origin = new("127.0.0.1", null, "trace");
    public static readonly Reason SomeReason = new("some-reason", "for a test");

    private readonly Dictionary<long, ZoneOutcome?> _requests = [];
    private readonly HashSet<long> _durableGenerations = [];
    private readonly HashSet<ZoneTimer> _timers = [];
    private readonly SortedDictionary<string, (long Generation, bool Present)> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint?> _serials = [];
    private long _requester;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public ZoneMachineDriver(ZonePolicy? policy = null, ZoneRow? row = null)
    {
        Machine = new ZoneMachine(DomainName.Parse("example.com."), row, TargetNames, policy ?? new ZonePolicy());
        if (row is not null) _durableGenerations.Add(row.Generation);
        if (row?.Content is { } content) HeldSerial = content.Serial;
    }

    public ZoneMachine Machine { get; }

    public BeginPass? Pass { get; private set; }

    public WriteJournal? Write { get; private set; }

    public WantPresent? Present { get; private set; }

    public WantAbsent? Absent { get; private set; }

    public bool Gone { get; private set; }

    /// <summary>The journal was asked what it has kept, and has not answered.</summary>
    public bool KeptIsAsked { get; private set; }

    /// <summary>The targets that there are now.</summary>
    public ImmutableArray<string> Targets { get; private set; } = TargetNames;

    /// <summary>What each target was told last.</summary>
    public IReadOnlyDictionary<string, (long Generation, bool Present)> Told => _told;

    /// <summary>The serial that a target was told last; null for none.</summary>
    public uint? ServedBy(string target) => _serials.GetValueOrDefault(target);

    public uint? HeldSerial { get; private set; }

    public List<ZoneEvent> Events { get; } = [];

    public Reason? LastReason { get; private set; }

    public IReadOnlySet<ZoneTimer> Timers => _timers;

    public IReadOnlyDictionary<long, ZoneOutcome?> Requests => _requests;

    public long Create() => Ask(id => new CreateAsked(id, Targets, Origin));

    public long Delete() => Ask(id => new DeleteAsked(id, Targets, Origin));

    public long CreateFor(string? masterSet) => Ask(id => new CreateAsked(id, Targets, Origin with { MasterSet = masterSet }));

    public long DeleteFor(string? masterSet, bool force = false) =>
        Ask(id => new DeleteAsked(id, Targets, Origin with { MasterSet = masterSet }) { Force = force });

    public void ChangeTargets(params string[] targets) => Feed(new TargetsChanged([.. targets]));

    /// <summary>The zone belongs to these of the targets that there are at first.</summary>
    public void Place(params string[] targets) =>
        Feed(new TargetsChanged([.. targets]) { Others = [.. TargetNames.Except(targets)] });

    public long Claim(ZoneOwner owner, bool adopts = false) => Ask(id => new ClaimAsked(id, owner, adopts, Origin));

    public long Release(DomainName catalog) => Ask(id => new ReleaseAsked(id, catalog, Origin));

    public long Notify(IPAddress? notifier = null, uint? serial = null) =>
        Ask(id => new NotifyAsked(id, notifier, Origin) { SerialHint = serial });

    public long Refresh(bool force = false) => Ask(id => new RefreshAsked(id, force, Origin));

    public long Undelete(string? masterSet = null) =>
        Ask(id => new UndeleteAsked(id, Targets, Origin with { MasterSet = masterSet }));

    /// <summary>The journal says what it has kept; null for nothing.</summary>
    public void Keep(uint? serial) => Feed(new KeptFound(
        serial is { } kept ? SampleZones.Content("example.com.", kept) : null, serial is null ? SomeReason : null));

    public void Bring(uint serial) => Feed(new PassBrought(Pass!.Pass, SampleZones.Content("example.com.", serial), "192.0.2.1:5354"));

    public void FailPass() => Feed(new PassFailed(Pass!.Pass, SomeReason));

    public void Commit() => Feed(new JournalWritten(Write!.Write));

    public void RefuseWrite() => Feed(new JournalRefused(Write!.Write, SomeReason));

    public void DelayWrite() => Feed(new JournalDelayed(Write!.Write, SomeReason));

    public void Fire(ZoneTimer timer)
    {
        Assert.True(_timers.Remove(timer), $"timer {timer} is not set");
        Feed(new TimerFired(timer));
    }

    public void Report(string target, TargetZoneState state)
    {
        ZoneRow row = Machine.Row!;
        bool isOfZone = row.Wish == ZoneWish.Present && !row.Targets.Any(t => t.Target == target && t.IsLeaving);
        uint? serial = state == TargetZoneState.Verified && isOfZone ? row.Content?.Serial : null;
        Feed(new TargetReported(row.Generation, new TargetProgress(
            target, state, serial, null, state is TargetZoneState.Verified or TargetZoneState.Pending ? null : SomeReason)));
    }

    public void ReportAll(TargetZoneState state)
    {
        foreach (string target in Targets) Report(target, state);
    }

    /// <summary>Everything goes well until the zone is served everywhere.</summary>
    public void CreateAndServe(uint serial)
    {
        long request = Create();
        Bring(serial);
        Commit();
        ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, Requests[request]);
    }

    public void Feed(ZoneInput input)
    {
        _now += TimeSpan.FromMilliseconds(1);
        bool asks = input is CreateAsked or DeleteAsked or NotifyAsked or RefreshAsked or DecisionAsked
            or ClaimAsked or ReleaseAsked or UndeleteAsked;
        Assert.False(Gone && !asks, "the machine was done");
        Gone = false;
        switch (input)
        {
            case PassBrought x when x.Pass == Pass?.Pass: Pass = null; break;
            case PassFailed x when x.Pass == Pass?.Pass: Pass = null; break;
            case PassFoundCurrent x when x.Pass == Pass?.Pass: Pass = null; break;
            case JournalWritten x when x.Write == Write?.Write: WriteEnded(durable: true); break;
            case JournalRefused x when x.Write == Write?.Write: WriteEnded(durable: false); break;
            case KeptFound: KeptIsAsked = false; break;
            case TargetsChanged x: Targets = x.Targets; break;
        }

        var effects = new List<ZoneEffect>();
        Machine.Handle(input, _now, effects);
        foreach (ZoneEffect effect in effects) Note(effect);
    }

    private void WriteEnded(bool durable)
    {
        if (durable && Write!.Entries.OfType<PutZone>().FirstOrDefault() is { } put)
        {
            _durableGenerations.Add(put.Row.Generation);
            if (put.Row is { Wish: ZoneWish.Present, Content: { } content }) HeldSerial = content.Serial;
        }

        if (durable && Write!.Entries.OfType<ForgetZone>().Any())
        {
            HeldSerial = null;
            _durableGenerations.Clear();
        }

        Write = null;
    }

    private void Note(ZoneEffect effect)
    {
        switch (effect)
        {
            case AnswerRequester x:
                Assert.True(_requests.TryGetValue(x.Requester, out ZoneOutcome? before), "an answer nobody asked for");
                Assert.Null(before);
                _requests[x.Requester] = x.Outcome;
                LastReason = x.Reason;
                break;
            case BeginPass x:
                Assert.Null(Pass);
                Pass = x;
                break;
            case CancelPass x:
                Assert.Equal(Pass?.Pass, x.Pass);
                Pass = null;
                break;
            case ReadKept:
                KeptIsAsked = true;
                break;
            case WriteJournal { Write: 0 } x:
                Events.AddRange(x.Entries.OfType<ZoneEvent>());
                break;
            case WriteJournal x:
                Assert.Null(Write);
                Write = x;
                Events.AddRange(x.Entries.OfType<ZoneEvent>());
                break;
            case WantPresent x:
                Assert.Contains(x.Generation, _durableGenerations);
                Present = x;
                Absent = null;
                foreach (string target in Targets) _told[target] = (x.Generation, true);
                foreach (string target in Targets) _serials[target] = x.Content.Serial;
                break;
            case WantAbsent x:
                Assert.Contains(x.Generation, _durableGenerations);
                Absent = x;
                Present = null;
                foreach (string target in Targets) _told[target] = (x.Generation, false);
                foreach (string target in Targets) _serials[target] = null;
                break;
            case WantAt x:
                Assert.Contains(x.Generation, _durableGenerations);
                Assert.Contains(x.Target, Targets.Union(TargetNames));
                _told[x.Target] = (x.Generation, x.Content is not null);
                _serials[x.Target] = x.Content?.Serial;
                break;
            case SetTimer x:
                Assert.True(x.Delay > TimeSpan.Zero);
                _timers.Add(x.Timer);
                break;
            case ClearTimer x:
                _timers.Remove(x.Timer);
                break;
            case ZoneIsGone:
                Gone = true;
                break;
        }
    }

    public long Ask(Func<long, ZoneInput> input)
    {
        long id = ++_requester;
        _requests.Add(id, null);
        Feed(input(id));
        return id;
    }
}
