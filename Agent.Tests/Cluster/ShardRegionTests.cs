using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>The door to all entities, with a coordination that the test plays.</summary>
public sealed class ShardRegionTests : TestKitBase
{
    private readonly PlayedCoordination _coordination = new();
    private readonly TestProbe _hosts;
    private readonly TestProbe _client;
    private readonly IActorRef _region;

    public ShardRegionTests()
    {
        _hosts = CreateTestProbe("hosts");
        _client = CreateTestProbe("client");
        Props host = Props.Create(static to => new Host(to), _hosts.Ref);
        _region = ActorOf(ShardRegionActor.Props(
            new ShardRegionSettings(_coordination, host, new Unplaced(), TimeSpan.FromSeconds(4), MaxHeld: 3)));
        RunReady();
    }

    [Fact]
    public void What_comes_before_the_owner_waits_and_keeps_its_order()
    {
        for (int i = 0; i < 3; i++) _client.Send(_region, new Keyed(1, i));
        _hosts.ExpectNoMsg(TimeSpan.FromSeconds(1));
        _region.Tell(new ShardAcquired(1, 5));
        Assert.Equal(new ShardStart(1, 5), _hosts.ExpectMsg<ShardStart>());
        for (int i = 0; i < 3; i++) Assert.Equal(new Keyed(1, i), _hosts.ExpectMsg<Keyed>());
        _client.Send(_region, new Keyed(1, 3));
        Assert.Equal(new Keyed(1, 3), _hosts.ExpectMsg<Keyed>());
    }

    [Fact]
    public void What_finds_no_owner_in_time_is_answered()
    {
        _client.Send(_region, new Keyed(1, 0));
        Advance(TimeSpan.FromSeconds(2));
        _client.Send(_region, new Keyed(1, 1));
        Assert.Equal(new NotPlaced(0), _client.ExpectMsg<NotPlaced>(TimeSpan.FromSeconds(2.1)));
        _client.ExpectNoMsg(TimeSpan.FromSeconds(1));
        Assert.Equal(new NotPlaced(1), _client.ExpectMsg<NotPlaced>(TimeSpan.FromSeconds(1.1)));
    }

    [Fact]
    public void The_buffer_is_bounded_and_overflow_is_answered()
    {
        for (int i = 0; i < 4; i++) _client.Send(_region, new Keyed((ulong)i, i));
        Assert.Equal(new NotPlaced(3), _client.ExpectMsg<NotPlaced>());
    }

    [Fact]
    public void All_hosts_stop_and_stay_away_when_the_epoch_is_over()
    {
        _region.Tell(new ShardAcquired(1, 5));
        _region.Tell(new ShardAcquired(2, 5));
        _hosts.ReceiveN<ShardStart>(2);
        Sys.EventStream.Publish(new OwnershipEnded("for a test"));
        _hosts.ReceiveN<Stopped>(2);
        _client.Send(_region, new Keyed(1, 0));
        _hosts.ExpectNoMsg(TimeSpan.FromSeconds(3));
        Assert.Equal(new NotPlaced(0), _client.ExpectMsg<NotPlaced>(TimeSpan.FromSeconds(1.1)));
        _region.Tell(new ShardAcquired(1, 6));
        Assert.Equal(new ShardStart(1, 6), _hosts.ExpectMsg<ShardStart>());
    }

    [Fact]
    public void A_lost_shard_stops_at_once_and_its_messages_wait_for_the_next_owner()
    {
        _region.Tell(new ShardAcquired(1, 5));
        _hosts.ExpectMsg<ShardStart>();
        _region.Tell(new ShardLost(1));
        _hosts.ExpectMsg<Stopped>();
        _client.Send(_region, new Keyed(1, 9));
        _region.Tell(new ShardAcquired(1, 6));
        Assert.Equal(new ShardStart(1, 6), _hosts.ExpectMsg<ShardStart>());
        _hosts.ExpectMsg<Keyed>();
        Assert.Equal(new RegionState(4, 1, 1, 0) { Unread = 1 }, Ask<RegionState>(_region, new GetRegionState()));
    }

    [Fact]
    public void A_shard_counts_as_unread_until_its_host_has_taken_it()
    {
        _region.Tell(new ShardAcquired(1, 5));
        _hosts.ExpectMsg<ShardStart>();
        Assert.Equal(1, Ask<RegionState>(_region, new GetRegionState()).Unread);
        _region.Tell(new ShardTaken(1, 4), _hosts.LastSender);
        Assert.Equal(1, Ask<RegionState>(_region, new GetRegionState()).Unread);
        _region.Tell(new ShardTaken(1, 5), _hosts.LastSender);
        Assert.Equal(0, Ask<RegionState>(_region, new GetRegionState()).Unread);
    }

    [Fact]
    public void The_hosts_hear_when_the_last_shard_is_taken_and_whenever_one_is_taken_after_that()
    {
        IActorRef[] hosts = new IActorRef[3];
        foreach (int shard in (int[])[1, 2])
        {
            _region.Tell(new ShardAcquired(shard, 5));
            _hosts.ExpectMsg<ShardStart>();
            hosts[shard] = _hosts.LastSender;
        }

        _region.Tell(new ShardTaken(2, 5), hosts[2]);
        _hosts.ExpectNoMsg(TimeSpan.FromSeconds(1));
        _region.Tell(new ShardTaken(1, 5), hosts[1]);
        Assert.Equal(2, _hosts.ReceiveN<AllShardsTaken>(2).Count);

        _region.Tell(new ShardAcquired(3, 5));
        _hosts.ExpectMsg<ShardStart>();
        _hosts.ExpectNoMsg(TimeSpan.FromSeconds(1));
        _region.Tell(new ShardTaken(3, 5), _hosts.LastSender);
        Assert.Equal(3, _hosts.ReceiveN<AllShardsTaken>(3).Count);
    }

    [Fact]
    public void A_host_that_fails_is_replaced_and_what_comes_meanwhile_waits_for_the_next()
    {
        _region.Tell(new ShardAcquired(1, 5));
        _hosts.ExpectMsg<ShardStart>();
        _client.Send(_region, new Keyed(1, Host.Poison));
        _hosts.ExpectMsg<Stopped>();
        _client.Send(_region, new Keyed(1, 7));
        Assert.Equal(new ShardStart(1, 5) { AfterCrash = true }, _hosts.ExpectMsg<ShardStart>());
        Assert.Equal(new Keyed(1, 7), _hosts.ExpectMsg<Keyed>());
    }

    [Fact]
    public void A_host_that_failed_is_not_replaced_when_the_shard_was_lost_meanwhile()
    {
        _region.Tell(new ShardAcquired(1, 5));
        _hosts.ExpectMsg<ShardStart>();
        _client.Send(_region, new Keyed(1, Host.Poison));
        _hosts.ExpectMsg<Stopped>();
        _region.Tell(new ShardLost(1));
        _hosts.ExpectNoMsg(TimeSpan.FromSeconds(5));
    }

    private sealed record Keyed(ulong ShardKey, int Number) : IShardKeyed;

    private sealed record NotPlaced(int Number);

    private sealed record Stopped;

    private sealed class PlayedCoordination : ICoordination
    {
        public int ShardCount => 4;

        public void Subscribe(IActorRef subscriber)
        {
        }
    }

    private sealed class Unplaced : IUnplaced
    {
        public void Answer(IShardKeyed message, IActorRef sender, IActorRef self) =>
            sender.Tell(new NotPlaced(((Keyed)message).Number), self);
    }

    private sealed class Host(IActorRef to) : UntypedActor
    {
        public const int Poison = -1;

        protected internal override void OnReceive(object message)
        {
            if (message is Keyed { Number: Poison }) throw new InvalidOperationException("for a test");
            to.Tell(message, Self);
        }

        protected internal override void PostStop() => to.Tell(new Stopped(), Self);
    }
}
