using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>
/// Everything at once: a tree of actors that spawn, stop, watch, tell and fail at random under random strategies. A model beside it knows
/// what was promised to whom; at the end every message is accounted for, every watch answered or pending on a living actor, and
/// nobody left suspended.
/// </summary>
public sealed class ChaosTests
{
    private const int SeedCount = 2000;

    [Fact]
    public void Nothing_is_lost_doubled_or_stuck_in_a_failing_tree()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            World world = new(seed);
            world.Run(commandCount: 60);
            world.CheckMessages();
            world.CheckWatches();
            world.CheckLiveness();
            return world.Kit.Sim.Unseed;
        });
    }

    private sealed class World
    {
        internal readonly ActorTestKit Kit;
        internal readonly KernelRandom Random;
        internal readonly List<IActorRef> Everyone = [];
        internal readonly HashSet<(IActorRef Watcher, IActorRef Subject)> Watches = [];
        internal readonly HashSet<IActorRef> Answered = [];
        private readonly Dictionary<(IActorRef From, IActorRef To), int> _sent = [];
        private readonly Dictionary<(IActorRef From, IActorRef To), int> _seen = [];
        private readonly TestProbe _letters;
        private int _sentCount;
        private int _handledCount;

        internal World(ulong seed)
        {
            Kit = new ActorTestKit(seed, SimSeeds.Swarm(seed));
            Random = Kit.Sim.Faults;
            _letters = Kit.CreateTestProbe();
            Kit.Sys.EventStream.Subscribe(_letters.Ref, typeof(DeadLetter));
        }

        internal void Run(int commandCount)
        {
            for (int i = 0; i < 2; i++) Kit.ActorOf(Member.PropsIn(this));
            Kit.RunReady();
            for (int i = 0; i < commandCount; i++)
            {
                Send(Kit.Sys.DeadLetters, Pick(), (Order)Random.Next((int)Order.Fail + 1));
                if (Random.Chance(0.05)) Kit.Sys.Stop(Pick());
                for (int steps = Random.Next(6); steps > 0; steps--) Kit.Sim.Step(Kit.Now + TimeSpan.FromMilliseconds(1));
            }
            Kit.AdvanceUntilIdle();
        }

        internal static bool IsStopped(IActorRef actor) => ((ActorCell)actor).IsTerminated;

        internal IActorRef Pick() => Everyone[Random.Next(Everyone.Count)];

        internal void Send(IActorRef from, IActorRef to, Order order)
        {
            int number = _sent[(from, to)] = _sent.GetValueOrDefault((from, to)) + 1;
            _sentCount++;
            to.Tell(new Numbered(from, number, order), from);
        }

        internal void Note(IActorRef receiver, Numbered message)
        {
            Assert.False(IsStopped(receiver), "handled after the stop");
            Assert.True(message.Number > _seen.GetValueOrDefault((message.From, receiver)), "out of order");
            _seen[(message.From, receiver)] = message.Number;
            // One that is about to fail its actor will be a dead letter.
            if (message.Order != Order.Fail) _handledCount++;
        }

        internal void CheckMessages()
        {
            int dead = _letters.TakeAll().Cast<DeadLetter>().Count(static letter => letter.Message is Numbered);
            Assert.Equal(_sentCount, _handledCount + dead);
        }

        internal void CheckWatches()
        {
            foreach ((IActorRef watcher, IActorRef subject) in Watches)
            {
                Assert.True(IsStopped(watcher) || !IsStopped(subject), "a watch without its notice");
            }
        }

        internal void CheckLiveness()
        {
            foreach (IActorRef actor in Everyone) actor.Tell("are you there");
            Kit.AdvanceUntilIdle();
            Assert.Equal(Everyone.Where(actor => !IsStopped(actor)).ToHashSet(), Answered);
        }
    }

    private enum Order
    {
        Spawn,
        StopSomeone,
        Watch,
        Unwatch,
        Tell,
        StartTimer,
        Fail,
    }

    private sealed record Numbered(IActorRef From, int Number, Order Order);

    private sealed class RandomFailure(Directive directive) : Exception("on request")
    {
        internal Directive Directive { get; } = directive;
    }

    private sealed class Member : UntypedActor
    {
        private static readonly SupervisorStrategy One = new OneForOneStrategy(decider: Decide);
        private static readonly SupervisorStrategy All = new AllForOneStrategy(decider: Decide);
        private readonly World _world;
        private bool _isReplaced;

        private Member(World world)
        {
            _world = world;
            if (!world.Everyone.Contains(Self)) world.Everyone.Add(Self);
        }

        // A child's failure meets either strategy, by its name, so that it does not change with a restart.
        protected internal override SupervisorStrategy SupervisorStrategy => Self.Path.Length % 2 == 0 ? One : All;

        internal static Props PropsIn(World world) => Props.Create(static world => new Member(world), world);

        protected internal override void PreStart()
        {
            if (_world.Random.Chance(0.05)) throw new RandomFailure(_world.Random.Chance(0.5) ? Directive.Restart : Directive.Stop);
        }

        protected internal override void PreRestart(Exception reason, object? message)
        {
            _isReplaced = true;
            // Those it does not stop survive, and are restarted with it.
            double stopChance = _world.Random.NextDouble();
            foreach (IActorRef child in Context.Children)
            {
                if (!_world.Random.Chance(stopChance)) continue;
                _world.Watches.Remove((Self, child));
                Context.Unwatch(child);
                Context.Stop(child);
            }
        }

        protected internal override void OnReceive(object message)
        {
            Assert.False(_isReplaced, "handled by the instance that is being replaced");
            switch (message)
            {
                case Numbered numbered:
                    _world.Note(Self, numbered);
                    Carry(numbered.Order);
                    break;
                case Terminated terminated:
                    Assert.True(_world.Watches.Remove((Self, terminated.ActorRef)), "a notice nobody asked for");
                    Assert.True(World.IsStopped(terminated.ActorRef), "a notice of a living actor");
                    break;
                case "are you there":
                    _world.Answered.Add(Self);
                    break;
                default:
                    break;
            }
        }

        private static Directive Decide(Exception cause) =>
            (cause as RandomFailure ?? cause.InnerException as RandomFailure)?.Directive ?? Directive.Stop;

        private void Carry(Order order)
        {
            IActorRef other = _world.Pick();
            switch (order)
            {
                case Order.Spawn:
                    Context.ActorOf(PropsIn(_world));
                    break;
                case Order.StopSomeone:
                    if (_world.Random.Chance(0.3)) Context.Stop(other);
                    break;
                case Order.Watch when other != Self:
                    Context.Watch(other);
                    _world.Watches.Add((Self, other));
                    break;
                case Order.Unwatch:
                    Context.Unwatch(other);
                    _world.Watches.Remove((Self, other));
                    break;
                case Order.Tell:
                    _world.Send(Self, other, Order.Spawn);
                    break;
                case Order.StartTimer:
                    Timers.StartSingleTimer("tick", "tick", _world.Random.NextTimeSpan(TimeSpan.FromMilliseconds(2)));
                    break;
                case Order.Fail:
                    throw new RandomFailure((Directive)_world.Random.Next((int)Directive.Escalate + 1));
                default:
                    break;
            }
        }
    }
}
