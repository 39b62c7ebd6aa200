using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Transfers;

/// <summary>
/// Carries out one pass over the masters and tells its parent how it ended; then it stops. Stopping it earlier gives the pass up.
/// </summary>
public sealed class TransferActor : UntypedActor
{
    /// <summary>Directory and budget forget who waits when they break, so whoever waits for them asks again from time to time.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>So long a pass waits for its turn at the notifier before it asks all masters.</summary>
    private static readonly TimeSpan HintPatience = TimeSpan.FromSeconds(2);

    private static readonly object GraceTimer = new();
    private static readonly object HintTimer = new();
    private static readonly object PlanTimer = new();
    private static readonly object LeaveTimer = new();
    private static readonly object PauseTimer = new();

    private readonly TransferSettings _settings;
    private readonly PassOrder _order;
    private readonly PassMachine _machine;
    private readonly List<PassEffect> _effects = [];
    private AskLeave? _leave;
    private long _transfer;
    private TimeSpan _transferBegunAt;
    private TimeSpan? _answeredAt;

    private TransferActor(TransferSettings settings, PassOrder order)
    {
        _settings = settings;
        _order = order;
        _machine = new PassMachine(order);
    }

    /// <summary>The recipe.</summary>
    public static Props Props(TransferSettings settings, PassOrder order) =>
        Kernel.Props.Create(static a => new TransferActor(a.settings, a.order), (settings, order));

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        AskMasters();
        Timers.StartPeriodicTimer(PlanTimer, PlanTimer, AskAgainAfter, AskAgainAfter);
    }

    /// <inheritdoc/>
    protected internal override void PostStop()
    {
        if (_transfer != 0) _settings.Client.Cancel(_transfer);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case MasterPlan when !Timers.IsTimerActive(PlanTimer): break;
            case MasterPlan plan:
                Timers.Cancel(PlanTimer);
                _machine.Planned(plan, _effects);
                break;
            case SoaAnswered answer:
                _answeredAt ??= Clock.Monotonic;
                _machine.Answered(answer, _effects);
                break;
            case TransferGranted granted when !Timers.IsTimerActive(LeaveTimer) || !IsAskedFor(granted): break;
            case TransferGranted granted:
                Timers.Cancel(LeaveTimer);
                _machine.Granted(_effects, granted.EndPoint);
                break;
            case TransferMoving moving when moving.Id == _transfer: Context.Parent.Tell(new PassProgress(_order.Pass), Self); break;
            case TransferMoving: break;
            case TransferCompleted done when done.Id == _transfer:
                _transfer = 0;
                _machine.Completed(done, _effects);
                break;
            case TransferFailed failed when failed.Id == _transfer:
                _transfer = 0;
                _machine.Failed(failed, _effects);
                break;
            case object timer when timer == PlanTimer:
                CodeProbe.Reached("transfer.asked-masters-again");
                AskMasters();
                break;
            case object timer when timer == LeaveTimer:
                CodeProbe.Reached("transfer.asked-leave-again");
                AskLeave();
                break;
            case object timer when timer == GraceTimer: _machine.GraceOver(_effects); break;
            case object timer when timer == HintTimer: _machine.HintPatienceOver(_effects); break;
            case object timer when timer == PauseTimer: _machine.PauseOver(_effects); break;
            default: Unhandled(message); break;
        }

        foreach (PassEffect effect in _effects) CarryOut(effect);
        _effects.Clear();
    }

    private void AskMasters() => _settings.Directory.Tell(
        new GetMasters(_order.Pass, _order.Zone, _order.Notifier, _order.IsUrgent) { Catalog = _order.Catalog, Group = _order.Group },
        Self);

    private void AskLeave() => _settings.Budget.Tell(_leave!, Self);

    /// <summary>Not leave that was given back before it came.</summary>
    private bool IsAskedFor(TransferGranted granted) =>
        granted.EndPoint.Equals(_leave!.EndPoint) || _leave.Others.Contains(granted.EndPoint);

    private void CarryOut(PassEffect effect)
    {
        switch (effect)
        {
            case AskAddress ask:
                var question = new AskSoa(_order.Pass, _order.Zone, ask.Address, _settings.SoaTimeout)
                {
                    ByTcp = _order.Catalog == _order.Zone,
                };
                // The directory hears all, also what comes when the pass is over: who is never waited for would else never count as dead.
                _settings.Client.AskSoa(question, Context.ReplyTo() with { Witness = _settings.Directory });
                break;
            case StartGrace when !Timers.IsTimerActive(GraceTimer):
                Timers.StartSingleTimer(GraceTimer, GraceTimer, _settings.SoaGrace);
                break;
            case StartHintPatience:
                Timers.StartSingleTimer(HintTimer, HintTimer, HintPatience);
                break;
            case PauseFor pause:
                Timers.StartSingleTimer(PauseTimer, PauseTimer, pause.Duration);
                break;
            case TakeLeave take:
                _leave = new AskLeave(take.EndPoint) { Others = take.Others };
                AskLeave();
                Timers.StartPeriodicTimer(LeaveTimer, LeaveTimer, AskAgainAfter, AskAgainAfter);
                break;
            case GiveLeaveBack:
                Timers.Cancel(LeaveTimer);
                _settings.Budget.Tell(new ReturnLeave(), Self);
                break;
            case TransferFrom from:
                _transfer = _settings.NextTransferId();
                _transferBegunAt = Clock.Monotonic;
                var request = new TransferZone(_transfer, _order.Zone, from.Address, _settings.Limits)
                {
                    Held = _order.Held,
                    Served = _order.Served,
                    Guards = _order.Guards,
                    AsksExpire = from.AsksExpire,
                };
                _settings.Client.Transfer(request, Context.ReplyTo());
                break;
            case TellDirectory tell:
                _settings.Directory.Tell(tell.Heard, Self);
                break;
            case PassEnded ended:
                Context.Parent.Tell(Finished(ended.Result), Self);
                Context.Stop(Self);
                break;
        }
    }

    /// <summary>What a master said it may still serve has become less since it said so.</summary>
    private PassResult Finished(PassResult result)
    {
        TimeSpan passed = Clock.Monotonic - (_answeredAt ?? Clock.Monotonic);
        return result switch
        {
            ZoneBrought brought => brought with { TransferBegunAt = _transferBegunAt, Expire = Left(brought.Expire, passed) },
            NothingNewer current => current with { Expire = Left(current.Expire, passed) },
            _ => result,
        };
    }

    private static TimeSpan? Left(TimeSpan? expire, TimeSpan passed) =>
        expire is not { } given ? null : given > passed ? given - passed : TimeSpan.Zero;
}

/// <summary>What passes share.</summary>
/// <param name="Client">Port to the masters.</param>
/// <param name="Directory">The node's <see cref="MasterDirectoryActor"/>.</param>
/// <param name="Budget">The node's <see cref="TransferBudgetActor"/>.</param>
/// <param name="Limits">Bounds of each transfer.</param>
/// <param name="SoaTimeout">For each SOA question.</param>
/// <param name="SoaGrace">How long slower masters may still come up with a newer serial once one usable answer is here.</param>
public sealed record TransferSettings(
    IMasterClient Client,
    IActorRef Directory,
    IActorRef Budget,
    TransferLimits Limits,
    TimeSpan SoaTimeout,
    TimeSpan SoaGrace)
{
    private long _transferCounter;

    /// <summary>A number that no other transfer of the process has.</summary>
    public long NextTransferId() => Interlocked.Increment(ref _transferCounter);
}
