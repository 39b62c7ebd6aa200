using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>An actor whose handler is given by the test, with the protected verbs made visible to it.</summary>
internal sealed class Script : UntypedActor
{
    private readonly Recipe _recipe;

    private Script(Recipe recipe) => _recipe = recipe;

    public IActorContext Surroundings => Context;

    public ITimerScheduler Clocks => Timers;

    public IStash Aside => Stash;

    public IActorRef From => Sender;

    protected internal override SupervisorStrategy SupervisorStrategy => _recipe.Strategy ?? SupervisorStrategy.Default;

    internal static Props Of(
        Action<Script, object> handler,
        SupervisorStrategy? strategy = null,
        Action<Script>? started = null,
        Action<Script>? stopped = null) =>
        Props.Create(static recipe => new Script(recipe), new Recipe(handler, strategy, started, stopped));

    internal static Props Forwarding(IActorRef target) => Of((self, message) => target.Tell(message, self.Self));

    /// <summary>An actor with children, grandchildren and so on; each notes its path when it stops.</summary>
    internal static Props Tree(int depth, int width, List<string>? stopped = null) => Of(
        static (_, _) => { },
        started: self =>
        {
            for (int i = 0; depth > 0 && i < width; i++) self.Context.ActorOf(Tree(depth - 1, width, stopped));
        },
        stopped: self => stopped?.Add(self.Self.Path));

    internal void SwitchHandler(Action<object> handler) => Become(handler);

    internal void PushHandler(Action<object> handler) => BecomeStacked(handler);

    internal void PopHandler() => UnbecomeStacked();

    internal void Unknown(object message) => Unhandled(message);

    internal IActorRef Entity(uint id) => Context.Child(id) ?? Context.ActorOf(Of(static (_, _) => { }), id);

    protected internal override void PreStart() => _recipe.Started?.Invoke(this);

    protected internal override void PostStop() => _recipe.Stopped?.Invoke(this);

    protected internal override void OnReceive(object message) => _recipe.Handler(this, message);

    private sealed record Recipe(
        Action<Script, object> Handler, SupervisorStrategy? Strategy, Action<Script>? Started, Action<Script>? Stopped);
}
