using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <summary>
/// One pass over the masters for one zone, as a pure machine: ask all for their SOA at once, take the zone from the newest, go on
/// with the next when a transfer breaks. A small zone whose notifier has told its serial is taken from there without asking.
/// </summary>
/// <remarks>
/// <code>
///   Planning --addresses--> Asking --all answered, or grace over--> Waiting for leave --> Transferring --> Over
///                                                                        ^                     | failed
///                                                                        +---- next candidate -+
///                                                                        +---- pause, same one + busy, a few times
///
///   Planning --addresses, and the notifier's serial--> Waiting for leave --> Transferring --> Over
///                                                                                | it brought nothing that is wanted
///                                                                                +--> Asking
/// </code>
/// Who counts as a candidate: with nothing held, or when forced, every address that names a serial, newest first, then
/// those that answered without telling (a server may refuse SOA and still give the zone). With content held only addresses
/// whose serial is newer by RFC 1982. An address that says "not mine" is never asked for a transfer.
/// <para>A serial in a NOTIFY is a hint that anybody could have forged (RFC 1996 section 3.7), so it only decides what is asked first: the
/// notifier is asked for the differences to what is held, which answers with its SOA alone when there is nothing newer (RFC 1995
/// section 2). A master that does not know differences gives the whole zone, therefore only small ones are taken so. What comes is judged
/// by its own serial, and unless that is newer all masters are asked as without the hint.</para>
/// <para>What a master named and what it gives may differ: several servers behind one address, or a transfer from a database that lags.
/// What comes and is not newer than what is held is a failure then, and what is newer, yet not the newest that was named, says so.</para>
/// </remarks>
public sealed partial class PassMachine
{
    /// <summary>How often a master that answers SERVFAIL instead of the zone is tried again within one pass.</summary>
    public const int BusyTries = 3;

    /// <summary>A zone that holds so many octets at most is transferred for about what a question costs.</summary>
    public const int SmallZoneBytes = 64 * 1024;

    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(100);

    private readonly PassOrder _order;
    private readonly List<Asked> _asked = [];
    private int _busyAnswers;
    private Reason? _lastFailure;
    private ZoneBrought? _stopped;
    private MasterAddress? _current;
    private ImmutableArray<(MasterRoute Route, Reason Reason)> _rests = [];
    private bool _asking;
    private bool _asksAll;
    private MasterPlan? _planBehindHint;
    private bool _waitsAtHint;
    private MasterAddress? _failedAtHint;

    /// <summary>Makes the machine of one pass.</summary>
    public PassMachine(PassOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        _order = order;
    }

    /// <summary>True when the pass has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The addresses came.</summary>
    public void Planned(MasterPlan plan, List<PassEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Addresses.IsEmpty)
        {
            Reason why = plan.Reason ?? new Reason(ReasonCode.NoMaster, "no master has an address");
            End(new NothingBrought(_order.Pass, why) { HasNoMasters = plan.HasNoMasters }, effects);
            return;
        }

        _rests = plan.Rests;
        _last = plan.Last;
        if (Hinting(plan) is { } notifier)
        {
            CodeProbe.Reached("pass.hinted");
            _planBehindHint = plan;
            _current = notifier;
            _waitsAtHint = true;
            effects.Add(new TakeLeave(notifier.EndPoint));
            if (plan.Addresses.Length > 1) effects.Add(new StartHintPatience());
        }
        else
        {
            AskAll(plan, effects);
        }
    }

    /// <summary>The notifier's address, where the zone is asked for at once because of the serial that it told.</summary>
    private MasterAddress? Hinting(MasterPlan plan)
    {
        bool isWorthIt = _order is { SerialHint: { } serial, Force: false, Held: { } held } && held.ByteCount <= SmallZoneBytes
            && IsForward(serial);
        return isWorthIt ? plan.Addresses.FirstOrDefault(IsFitNotifier) : null;
    }

    private bool IsFitNotifier(MasterAddress address) =>
        address.EndPoint.Address.Equals(_order.Notifier) && RestOf(address) is null && !ComesLast(address);

    private void AskAll(MasterPlan plan, List<PassEffect> effects)
    {
        _asking = true;
        _asksAll = plan.IsComplete;
        foreach (MasterAddress address in plan.Addresses)
        {
            _asked.Add(new Asked(address));
            effects.Add(new AskAddress(address));
        }
    }

    /// <summary>One address answered the SOA question, or will not.</summary>
    public void Answered(SoaAnswered answer, List<PassEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Asked? asked = _asked.Find(a => a.Answer is null && a.Address == answer.Address);
        if (asked is null) return;
        asked.Answer = answer;
        if (!_asking) return;
        if (_asked.TrueForAll(a => a.Answer is not null)) Choose(effects);
        else if (answer.Outcome == SoaOutcome.Serial && IsForward(answer.Serial)) effects.Add(new StartGrace());
    }

    /// <summary>Somebody has something usable, and the others had their chance to have something newer.</summary>
    public void GraceOver(List<PassEffect> effects)
    {
        if (_asking) Choose(effects);
    }

    /// <summary>The notifier is full, and other masters may have what it told of.</summary>
    public void HintPatienceOver(List<PassEffect> effects)
    {
        if (!_waitsAtHint || _planBehindHint is not { } plan) return;
        CodeProbe.Reached("pass.notifier-full");
        effects.Add(new GiveLeaveBack());
        AskBehindHint(plan, null, effects);
    }

    /// <summary>The transfer may begin.</summary>
    /// <param name="effects">Takes what is to be done.</param>
    /// <param name="endPoint">From which of the addresses that leave was asked for; null for the first.</param>
    public void Granted(List<PassEffect> effects, IPEndPoint? endPoint = null)
    {
        if (_current is null || IsOver) return;
        _waitsAtHint = false;
        if (endPoint is not null && !endPoint.Equals(_current.EndPoint))
        {
            int other = _candidates.FindIndex(c => c.Address.EndPoint.Equals(endPoint));
            if (other < 0) return;
            CodeProbe.Reached("pass.first-was-full");
            Candidate full = _candidates[other] with { Address = _current };
            _current = _candidates[other].Address;
            _candidates[other] = full;
        }

        effects.Add(new TransferFrom(_current, AsksExpire: ExpireSaidBy(_current) is not null));
    }

    /// <summary>The zone is here.</summary>
    public void Completed(TransferCompleted done, List<PassEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(done);
        if (IsOver) return;
        effects.Add(new GiveLeaveBack());
        effects.Add(new TellDirectory(new MasterHeard(done.Address.Route, null) { Zone = _order.Zone, Brought = true }));
        var brought = new ZoneBrought(_order.Pass, done.Content, done.Address.EndPoint.ToString(), done.Statistics)
        {
            Expire = done.Expire ?? ExpireSaidBy(done.Address),
            Stopped = done.Stopped,
            Behind = NewestNamedAfter(done.Content.Serial),
        };
        if (_planBehindHint is { } plan && (done.Stopped is not null || !IsForward(done.Content.Serial)))
        {
            CodeProbe.Reached("pass.hint-was-wrong");
            if (done.Stopped is not null) _stopped = brought;
            AskBehindHint(plan, done.Stopped is null ? null : done.Address, effects);
            return;
        }

        if (done.Stopped is null && IsNoProgress(done.Content.Serial))
        {
            uint? named = Answers().FirstOrDefault(a => a.Address == done.Address)?.Serial;
            _lastFailure = new Reason(
                ReasonCode.SerialBehind, $"{done.Address.EndPoint} said serial {named} and gave {done.Content.Serial}");
            Next(effects);
            return;
        }

        if (done.Stopped is null)
        {
            End(brought, effects);
            return;
        }

        // Another master may have a better one.
        _stopped ??= brought;
        Next(effects);
    }

    /// <summary>Only an address that named something newer than what is held is asked for the zone.</summary>
    private bool IsNoProgress(uint serial) =>
        _order is { Force: false, AcceptOlder: false, HeldSerial: { } held } && !SerialNumber.IsNewer(serial, held);

    /// <summary>The newest serial that somebody named, by an answer or in the NOTIFY, if it is newer than what came.</summary>
    private uint? NewestNamedAfter(uint serial)
    {
        uint? newest = null;
        foreach (uint named in Answers().Where(a => a.Outcome == SoaOutcome.Serial).Select(a => a.Serial))
            Compare(named);
        if (_order.SerialHint is { } hint && _planBehindHint is not null) Compare(hint);
        return newest;

        void Compare(uint named)
        {
            if (!IsPinned(named) && SerialNumber.IsNewer(named, newest ?? serial)) newest = named;
        }
    }

    private TimeSpan? ExpireSaidBy(MasterAddress address) => Answers().FirstOrDefault(a => a.Address == address)?.Expire;

    /// <summary>The transfer brought nothing.</summary>
    public void Failed(TransferFailed failed, List<PassEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(failed);
        if (IsOver) return;
        // To the hint's question "nothing newer" is a good answer, and says nothing of other masters.
        bool isNoFailure = _planBehindHint is not null && failed.Failure == TransferFailure.NothingNewer;
        if (!isNoFailure)
        {
            _lastFailure = failed.Failure == TransferFailure.NothingNewer
                ? failed.Reason with { Code = ReasonCode.SerialBehind }
                : failed.Reason;
        }

        effects.Add(new GiveLeaveBack());
        bool isAgain = failed.Failure == TransferFailure.Busy && _busyAnswers < BusyTries;
        MasterFault fault = isAgain ? MasterFault.None : FaultOf(failed.Failure);
        Reason reason = failed.MasterReason ?? failed.Reason;
        bool saidNothing = failed.Failure is TransferFailure.Unreachable or TransferFailure.HungUp;
        effects.Add(new TellDirectory(new MasterHeard(failed.Address.Route, saidNothing ? reason : null)
        {
            Zone = _order.Zone,
            Fault = fault,
            FaultReason = fault == MasterFault.None ? null : reason,
        }));
        if (isAgain)
        {
            effects.Add(new PauseFor(BusyPause * Math.Pow(3, _busyAnswers++)));
            return;
        }

        if (_planBehindHint is { } plan) AskBehindHint(plan, isNoFailure ? null : failed.Address, effects);
        else Next(effects);
    }

    /// <summary>The hint led nowhere: all masters are asked, and the zone is not taken again from where that failed.</summary>
    private void AskBehindHint(MasterPlan plan, MasterAddress? failed, List<PassEffect> effects)
    {
        _planBehindHint = null;
        _waitsAtHint = false;
        _current = null;
        _failedAtHint = failed;
        AskAll(plan, effects);
    }

    /// <summary>A busy master is asked once more.</summary>
    public void PauseOver(List<PassEffect> effects)
    {
        if (_current is not null && !IsOver) effects.Add(new TakeLeave(_current.EndPoint));
    }

    private bool IsWanted(uint serial) =>
        IsForward(serial) || (_order.AcceptOlder && serial != _order.HeldSerial && !IsPinned(serial));

    private bool IsForward(uint serial) => _order.Force
        || (!IsPinned(serial) && (_order.HeldSerial is not { } held || SerialNumber.IsNewer(serial, held)));

    private bool IsPinned(uint serial) => serial == _order.Pinned;

    /// <summary>Failures that say something about the master and not about us.</summary>
    private static MasterFault FaultOf(TransferFailure failure) => failure switch
    {
        TransferFailure.Refused => MasterFault.Refused,
        TransferFailure.Broken or TransferFailure.HungUp => MasterFault.Broken,
        TransferFailure.Busy => MasterFault.Busy,
        TransferFailure.Unreachable => MasterFault.Unreachable,
        _ => MasterFault.None,
    };

    private void EndWithoutNewer(List<SoaAnswered> named, List<PassEffect> effects)
    {
        if (named.Find(a => IsPinned(a.Serial)) is { } pinned)
        {
            End(new NothingNewer(_order.Pass, pinned.Serial) { Expire = pinned.Expire }, effects);
            return;
        }

        uint held = _order.HeldSerial!.Value;
        SoaAnswered best = named.Order(new Newest(this)).First();
        if (best.Serial == held)
        {
            List<SoaAnswered> holders = named.FindAll(a => a.Serial == held);
            TimeSpan? expire = holders.Exists(a => a.Expire is null) ? null : holders.Max(a => a.Expire);
            End(new NothingNewer(_order.Pass, held) { Expire = expire }, effects);
            return;
        }

        string text = $"{best.Address.EndPoint} has serial {best.Serial}, which is not newer than {held}";
        End(new NothingBrought(_order.Pass, new Reason(ReasonCode.SerialWentBack, text)), effects);
    }

    /// <summary>A master that is there but is not accepted is another matter than one that is away.</summary>
    private static bool IsOfTls(Reason reason) => reason.Code.StartsWith("tls-", StringComparison.Ordinal);

    private Reason WhyNobody()
    {
        SoaAnswered? absent = Answers().FirstOrDefault(a => a.Outcome == SoaOutcome.Absent);
        SoaAnswered? unclear = Answers().FirstOrDefault(a => a.Outcome is SoaOutcome.CannotTell or SoaOutcome.Unreachable);
        return unclear?.Reason is { } reason
            ? new Reason(IsOfTls(reason) ? reason.Code : ReasonCode.NoMaster, reason.Text)
            : new Reason(ReasonCode.ZoneNotAtMaster, $"{absent?.Address.EndPoint} does not have the zone");
    }

    private IEnumerable<SoaAnswered> Answers() => _asked.Select(a => a.Answer).OfType<SoaAnswered>();

    private void End(PassResult result, List<PassEffect> effects)
    {
        IsOver = true;
        _asking = false;
        effects.Add(new PassEnded(result is NothingBrought nothing ? nothing with { MastersHaveIt = HaveIt() } : result));
    }

    /// <summary>A master that is silent, or answers something else, leaves it open whether the zone is still known.</summary>
    private bool? HaveIt() => Answers().Any(a => a.Outcome == SoaOutcome.Serial)
        ? true
        : _asksAll && _asked.TrueForAll(a => a.Answer?.Outcome == SoaOutcome.Absent) ? false : null;

    private sealed class Asked(MasterAddress address)
    {
        public MasterAddress Address { get; } = address;

        public SoaAnswered? Answer { get; set; }
    }
}
