namespace Agent.Actors.Kernel;

/// <summary>
/// Keeps one child alive with growing pauses: a child that fails or stops is started again after a delay that doubles each time, with
/// jitter so that many supervisors do not come back in step. Messages pass through to the child under their own sender.
/// </summary>
/// <remarks>
/// While there is no child, messages become dead letters. The delay falls back to the minimum when the child has lived for longer
/// than the delay that would come next.
/// What the default decider escalates is escalated here too.
/// </remarks>
public sealed class BackoffSupervisor : UntypedActor
{
    private static readonly SupervisorStrategy StopOnFailure = new OneForOneStrategy(decider: static cause =>
        SupervisorStrategy.DefaultDecider(cause) == Directive.Escalate ? Directive.Escalate : Directive.Stop);

    private readonly Options _options;
    private IActorRef? _child;
    private TimeSpan _childSince;
    private int _restarts;

    private BackoffSupervisor(Options options) => _options = options;

    /// <inheritdoc/>
    protected internal override SupervisorStrategy SupervisorStrategy => StopOnFailure;

    /// <summary>The recipe of a supervisor.</summary>
    /// <param name="child">The recipe of the child.</param>
    /// <param name="childName">Its name below the supervisor.</param>
    /// <param name="minBackoff">The first delay.</param>
    /// <param name="maxBackoff">The bound of the delay before jitter.</param>
    /// <param name="jitter">Adds up to this fraction of the delay, at random: 0.2 is 20 %.</param>
    public static Props PropsFor(Props child, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double jitter = 0.2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(minBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBackoff, minBackoff);
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        return Props.Create(
            static options => new BackoffSupervisor(options), new Options(child, childName, minBackoff, maxBackoff, jitter));
    }

    /// <inheritdoc/>
    protected internal override void PreStart() => StartChild();

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated when terminated.ActorRef == _child:
                OnChildGone();
                break;
            case StartAgain:
                StartChild();
                break;
            case GetCurrentChild:
                Sender.Tell(new CurrentChild(_child), Self);
                break;
            default:
                (_child ?? Context.System.DeadLetters).Forward(message);
                break;
        }
    }

    private void StartChild()
    {
        _child = Context.Watch(Context.ActorOf(_options.Child, _options.ChildName));
        _childSince = Clock.Monotonic;
    }

    private void OnChildGone()
    {
        _child = null;
        if (Clock.Monotonic - _childSince > DelayBeforeJitter()) _restarts = 0;
        TimeSpan delay = DelayBeforeJitter();
        delay += delay * (_options.Jitter * Random.NextDouble());
        _restarts++;
        Timers.StartSingleTimer(StartAgain.Instance, StartAgain.Instance, delay);
    }

    private TimeSpan DelayBeforeJitter()
    {
        // Beyond 2^30 the shift would overflow; the maximum is reached long before.
        double delay = _options.MinBackoff.Ticks * (double)(1L << Math.Min(_restarts, 30));
        return TimeSpan.FromTicks((long)Math.Min(delay, _options.MaxBackoff.Ticks));
    }

    private sealed record Options(Props Child, string ChildName, TimeSpan MinBackoff, TimeSpan MaxBackoff, double Jitter);

    private sealed record StartAgain
    {
        internal static readonly StartAgain Instance = new();
    }
}

/// <summary>Asks a <see cref="BackoffSupervisor"/> for its child; the answer is a <see cref="CurrentChild"/>.</summary>
public sealed record GetCurrentChild
{
    private GetCurrentChild() { }

    /// <summary>The one instance.</summary>
    public static GetCurrentChild Instance { get; } = new();
}

/// <summary>The child of a <see cref="BackoffSupervisor"/>, null during a pause.</summary>
public sealed record CurrentChild(IActorRef? Child);
