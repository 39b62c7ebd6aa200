using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Tests.Cluster;

/// <summary>The life of one shard on node a, with a store and a region that the test plays.</summary>
public sealed class ShardMachineTests
{
    private static readonly Guid Us = ClusterViews.InstanceOf("a");
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(10);

    private readonly ClusterViews _views = new ClusterViews(1).Join("a").Join("b");
    private readonly List<ShardEffect> _effects = [];
    private readonly ShardMachine _machine;
    private TimeSpan _now = TimeSpan.FromSeconds(100);
    private long _requests;

    public ShardMachineTests()
    {
        _machine = new ShardMachine(0, "a", DrainMax, () => ++_requests);
        _machine.Join(Us);
    }

    [Fact]
    public void An_assigned_shard_without_owner_is_claimed_and_hosted_when_the_claim_is_answered()
    {
        ClaimShard claim = Claim();
        Assert.Empty(Of<HostShard>());
        Commit(claim.Request, succeeded: true, revision: 50);
        Assert.Equal(new HostShard(0, 50, AfterCrash: true), Assert.Single(Of<HostShard>()));
    }

    [Fact]
    public void When_the_region_broke_another_host_is_started_as_after_a_crash()
    {
        long revision = Owned();
        _effects.Clear();
        _machine.HostGone(_now, _effects);
        Assert.Equal([new HostShard(0, revision, AfterCrash: true)], _effects);
    }

    [Fact]
    public void When_the_region_broke_while_the_host_came_to_its_end_the_shard_is_given_up_and_not_in_good_order()
    {
        Owned();
        _views.Assign(0, "b");
        See();
        _machine.HostGone(_now, _effects);
        Assert.False(Assert.Single(Of<ReleaseShard>()).InGoodOrder);
    }

    [Fact]
    public void A_view_from_before_the_claim_ends_nothing()
    {
        ClaimShard claim = Claim();
        Commit(claim.Request, succeeded: true, revision: 50);
        See();
        Assert.Empty(Of<DropHost>());
        Assert.True(_machine.IsHosted);
    }

    [Fact]
    public void A_claim_that_another_one_won_is_forgotten()
    {
        Commit(Claim().Request, succeeded: false, revision: 50);
        Assert.False(_machine.IsHosted);
        Assert.Empty(Of<HostShard>());
    }

    [Fact]
    public void An_unanswered_claim_is_read_back_and_counts_only_with_our_name()
    {
        Fail(Claim().Request, unknown: true);
        Pass(1);
        ReadOwner read = Assert.Single(Of<ReadOwner>());
        _views.Own(0, "a");
        StoreEntry entry = Entry(_views.View.Owners[0]);
        _machine.Read(new StoreRead(read.Request, _views.View.Revision, [entry]), _now, _effects);
        Assert.Equal(entry.CreateRevision, Assert.Single(Of<HostShard>()).OwnerRevision);
    }

    [Fact]
    public void A_claim_that_takes_effect_late_is_taken_when_the_shard_is_ours_and_given_back_when_not()
    {
        Fail(Claim().Request, unknown: true);
        Pass(1);
        _machine.Read(new StoreRead(Of<ReadOwner>()[0].Request, _views.View.Revision, []), _now, _effects);
        Assert.False(_machine.IsHosted);
        Fail(Of<ClaimShard>()[^1].Request, unknown: false);
        _views.Assign(0, "b").Own(0, "a");
        See();
        Assert.Empty(Of<HostShard>());
        Assert.Equal(_views.View.Owners[0].CreateRevision, Assert.Single(Of<ReleaseShard>()).OwnerRevision);
    }

    [Fact]
    public void A_shard_assigned_elsewhere_ends_in_good_order_and_is_then_released()
    {
        long epoch = Owned();
        _views.Assign(0, "b");
        See();
        Assert.Equal(new EndHost(0, epoch), Assert.Single(Of<EndHost>()));
        Assert.Empty(Of<ReleaseShard>());
        _machine.HostEnded(epoch, _now, _effects);
        ReleaseShard release = Assert.Single(Of<ReleaseShard>());
        Assert.True(release.InGoodOrder);
        Assert.Empty(Of<DropHost>());
        Commit(release.Request, succeeded: true, revision: 60);
        Assert.True(_machine.IsIdle);
    }

    [Fact]
    public void A_host_that_does_not_end_in_time_is_dropped_and_the_shard_released_all_the_same()
    {
        Owned();
        _views.Assign(0, "b");
        See();
        Pass(9);
        Assert.Empty(Of<DropHost>());
        Pass(2);
        Assert.Single(Of<DropHost>());
        Assert.False(Assert.Single(Of<ReleaseShard>()).InGoodOrder);
    }

    [Fact]
    public void A_release_is_tried_until_the_key_is_seen_gone()
    {
        long epoch = Owned();
        _views.Assign(0, "b");
        See();
        _machine.HostEnded(epoch, _now, _effects);
        for (int round = 0; round < 5; round++)
        {
            Fail(Of<ReleaseShard>()[^1].Request, unknown: true);
            Pass(1);
        }

        Assert.Equal(6, Of<ReleaseShard>().Length);
        _views.Disown(0);
        See();
        Assert.True(_machine.IsIdle);
    }

    [Fact]
    public void An_owner_whose_key_is_gone_or_anothers_stops_at_once()
    {
        Owned();
        _views.Disown(0);
        See();
        Assert.Single(Of<DropHost>());
        Assert.False(_machine.IsHosted);
    }

    [Fact]
    public void A_fenced_owner_stops_and_gives_its_key_back()
    {
        long epoch = Owned();
        _machine.Fenced(epoch - 1, _now, _effects);
        Assert.Empty(Of<DropHost>());
        _machine.Fenced(epoch, _now, _effects);
        Assert.Single(Of<DropHost>());
        Assert.Equal(epoch, Assert.Single(Of<ReleaseShard>()).OwnerRevision);
    }

    [Fact]
    public void Expulsion_stops_the_host_at_once_and_the_old_run_claims_nothing()
    {
        Owned();
        _machine.Expel(_effects);
        Assert.Single(Of<DropHost>());
        int claims = Of<ClaimShard>().Length;
        _views.Disown(0);
        See();
        Pass(5);
        Assert.Equal(claims, Of<ClaimShard>().Length);
    }

    [Fact]
    public void What_was_given_up_in_good_order_is_hosted_without_suspicion()
    {
        _views.Write(ClusterViews.Keys.GivenUp(0), new OwnerRecord("b", ClusterViews.InstanceOf("b")));
        ClaimShard claim = Claim();
        Assert.Equal(_views.View.GivenUp[0].ModRevision, claim.GivenUpRevision);
        Commit(claim.Request, succeeded: true, revision: 50);
        Assert.False(Assert.Single(Of<HostShard>()).AfterCrash);
    }

    /// <summary>Every input in every state that random lives lead to: a host runs exactly between its start and its end, once.</summary>
    [Fact]
    public void In_any_life_a_host_is_started_once_and_ended_once()
    {
        for (ulong seed = 1; seed <= 3000; seed++) RandomLife(new KernelRandom(seed));
    }

    private static void RandomLife(KernelRandom random)
    {
        var views = new ClusterViews(1).Join("a").Join("b");
        long requests = 0;
        int run = 1;
        var machine = new ShardMachine(0, "a", DrainMax, () => ++requests);
        machine.Join(ClusterViews.InstanceOf("a"));
        var effects = new List<ShardEffect>();
        TimeSpan now = TimeSpan.FromSeconds(100);
        ShardEffect? open = null;
        bool hosted = false;
        for (int step = 0; step < 80; step++)
        {
            now += random.NextTimeSpan(TimeSpan.FromSeconds(random.Chance(0.1) ? 15 : 1));
            Step(views, machine, effects, random, now, open, ref run);
            foreach (ShardEffect effect in effects)
            {
                if (effect is ClaimShard or ReadOwner or ReleaseShard) open = effect;
                if (effect is HostShard)
                {
                    Assert.False(hosted, $"hosted twice at step {step}");
                    hosted = true;
                }

                if (effect is DropHost or ReleaseShard { InGoodOrder: true }) hosted = false;
            }

            effects.Clear();
            Assert.Equal(machine.IsHosted, hosted);
        }
    }

    private static void Step(
        ClusterViews views,
        ShardMachine machine,
        List<ShardEffect> effects,
        KernelRandom random,
        TimeSpan now,
        ShardEffect? open,
        ref int run)
    {
        long request = open switch { ClaimShard x => x.Request, ReadOwner x => x.Request, ReleaseShard x => x.Request, _ => 0 };
        long ownerRevision = views.View.Owners.GetValueOrDefault(0)?.CreateRevision ?? random.Next(50);
        switch (random.Next(12))
        {
            case 0: views.Assign(0, random.Chance(0.6) ? "a" : "b", run); break;
            case 1: views.Disown(0); break;
            case 2: if (!views.View.Owners.ContainsKey(0)) views.Own(0, random.Chance(0.5) ? "a" : "b", run); break;
            case 3 when random.Chance(0.3):
                machine.Expel(effects);
                views.Join("a", ++run);
                machine.Join(ClusterViews.InstanceOf("a", run));
                break;
            case 4: machine.Fenced(ownerRevision, now, effects); break;
            case 5: machine.HostEnded(ownerRevision, now, effects); break;
            case 6: machine.Failed(new StoreFailed(request, new Reason(ReasonCode.NoOwner, "x"), random.Chance(0.5)), now, effects); break;
            case 7:
                if (open is ClaimShard && !views.View.Owners.ContainsKey(0)) views.Own(0, "a", run);
                machine.Committed(new StoreCommitted(request, random.Chance(0.7), views.View.Revision), now, effects);
                break;
            case 8:
                machine.Read(
                    new StoreRead(request, views.View.Revision, views.View.Owners.TryGetValue(0, out var owner) ? [Entry(owner)] : []),
                    now,
                    effects);
                break;
            default:
                machine.Tick(now, effects);
                break;
        }

        if (random.Chance(0.7)) machine.See(views.View, now, effects);
    }

    private static StoreEntry Entry(Held<OwnerRecord> owner) => new(
        ClusterViews.Keys.Owner(0), ClusterRecords.Write(owner.Record), owner.CreateRevision, owner.ModRevision, owner.Lease);

    private ClaimShard Claim()
    {
        _views.Assign(0, "a");
        See();
        return Assert.Single(Of<ClaimShard>());
    }

    private long Owned()
    {
        ClaimShard claim = Claim();
        _views.Own(0, "a");
        long revision = _views.View.Owners[0].CreateRevision;
        Commit(claim.Request, succeeded: true, revision);
        See();
        return revision;
    }

    private void See() => _machine.See(_views.View, _now, _effects);

    private void Pass(double seconds)
    {
        _now += TimeSpan.FromSeconds(seconds);
        _machine.Tick(_now, _effects);
    }

    private void Commit(long request, bool succeeded, long revision) =>
        _machine.Committed(new StoreCommitted(request, succeeded, revision), _now, _effects);

    private void Fail(long request, bool unknown) =>
        _machine.Failed(new StoreFailed(request, new Reason(ReasonCode.NoOwner, "for a test"), unknown), _now, _effects);

    private T[] Of<T>() => [.. _effects.OfType<T>()];
}
