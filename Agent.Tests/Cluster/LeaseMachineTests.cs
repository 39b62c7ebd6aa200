using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Tests.Cluster;

/// <summary>The lease of a node, with a store that the test plays.</summary>
public sealed class LeaseMachineTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(15);
    private static readonly LeaseTimes Times = new(Ttl);

    private readonly LeaseMachine _machine;
    private readonly List<LeaseEffect> _effects = [];
    private int _instances;

    public LeaseMachineTests() => _machine = new LeaseMachine(Times, () => new Guid(++_instances, 0, 0, new byte[8]));

    [Fact]
    public void The_times_leave_room_for_two_failed_tries_before_the_guard()
    {
        foreach (double seconds in new[] { 2, 5, 15, 60, 600 })
        {
            var times = new LeaseTimes(TimeSpan.FromSeconds(seconds));
            Assert.True(times.Beat + (2 * times.RequestDeadline) + times.Guard <= times.TimeToLive, $"{seconds} s");
        }

        Assert.Equal(TimeSpan.FromSeconds(3), Times.Beat);
        Assert.Equal(TimeSpan.FromSeconds(2.5), Times.RequestDeadline);
        Assert.Equal(TimeSpan.FromSeconds(4), Times.Guard);
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeaseTimes(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_lease_is_counted_from_the_moment_at_which_it_was_asked_for()
    {
        Join(grantSent: 0, grantAnswered: 2, enterAnswered: 4);
        Assert.Equal(At(0) + Ttl - Times.Guard, Assert.Single(Taken<HoldsUntil>()).SinceBoot);
    }

    [Fact]
    public void A_sign_of_life_is_counted_from_the_moment_at_which_it_was_sent()
    {
        Join(0, 0, 0);
        _effects.Clear();
        BeatLease beat = Beat(3);
        _machine.Kept(new LeaseKept(beat.Request, 7, Ttl), At(5), _effects);
        Assert.Equal(At(3) + Ttl - Times.Guard, Assert.Single(Taken<HoldsUntil>()).SinceBoot);
    }

    [Fact]
    public void A_shorter_answer_never_takes_back_what_an_earlier_one_gave()
    {
        Join(0, 0, 0);
        BeatLease beat = Beat(3);
        _effects.Clear();
        _machine.Kept(new LeaseKept(beat.Request, 7, TimeSpan.FromSeconds(1)), At(3), _effects);
        Assert.Empty(Taken<HoldsUntil>());
    }

    [Fact]
    public void That_the_store_is_silent_ends_nothing()
    {
        Join(0, 0, 0);
        for (int second = 3; second < 600; second += 3)
        {
            BeatLease beat = Beat(second);
            _machine.Failed(Failure(beat.Request, unknown: true), At(second + 2.5), _effects);
            _machine.Tick(At(second + 2.6), _effects);
        }

        Assert.Empty(Taken<Expelled>());
        Assert.True(_machine.IsMember);
    }

    [Fact]
    public void A_lease_that_is_over_ends_the_run_and_the_next_one_has_another_name()
    {
        Join(0, 0, 0);
        Guid before = _machine.Instance;
        BeatLease beat = Beat(3);
        _effects.Clear();
        _machine.Kept(new LeaseKept(beat.Request, 7, TimeSpan.Zero), At(4), _effects);
        Assert.Equal(before, Assert.Single(Taken<Expelled>()).Instance);
        _machine.Tick(At(4), _effects);
        Assert.Single(Taken<AskLease>());
        Assert.NotEqual(before, _machine.Instance);
        Assert.False(_machine.IsMember);
    }

    [Fact]
    public void A_taken_name_is_told_once_and_tried_again_with_another_lease()
    {
        for (int round = 0; round < 3; round++)
        {
            double start = round * 10;
            _machine.Tick(At(start), _effects);
            _machine.Granted(new LeaseGranted(Taken<AskLease>()[^1].Request, 100 + round, Ttl), At(start), _effects);
            _machine.Entered(new StoreCommitted(Taken<EnterMember>()[^1].Request, false, 5), At(start), _effects);
        }

        Assert.Single(Taken<CannotJoin>());
        Assert.Equal([100, 101, 102], Taken<DropLease>().Select(drop => drop.Lease));
        Assert.Equal(3, Taken<EnterMember>().Select(enter => enter.Instance).Distinct().Count());
    }

    [Fact]
    public void Whether_an_unanswered_entry_happened_does_not_matter_to_the_next()
    {
        _machine.Tick(At(0), _effects);
        _machine.Granted(new LeaseGranted(Taken<AskLease>()[0].Request, 7, Ttl), At(0), _effects);
        EnterMember first = Taken<EnterMember>()[0];
        _machine.Failed(Failure(first.Request, unknown: true), At(2.5), _effects);
        Assert.Equal(7, Assert.Single(Taken<DropLease>()).Lease);
        _machine.Entered(new StoreCommitted(first.Request, true, 9), At(3), _effects);
        Assert.False(_machine.IsMember);
        Assert.NotEqual(first.Instance, _machine.Instance);
    }

    [Fact]
    public void A_lease_that_came_too_late_is_given_back()
    {
        _machine.Tick(At(0), _effects);
        AskLease ask = Taken<AskLease>()[0];
        _machine.Failed(Failure(ask.Request, unknown: true), At(2.5), _effects);
        _machine.Granted(new LeaseGranted(ask.Request, 7, Ttl), At(3), _effects);
        Assert.Equal(7, Assert.Single(Taken<DropLease>()).Lease);
    }

    [Fact]
    public void A_key_that_is_gone_ends_the_run()
    {
        Join(0, 0, 0);
        _machine.NotSeen(At(1), _effects);
        Assert.Single(Taken<Expelled>());
        Assert.Equal(7, Assert.Single(Taken<DropLease>()).Lease);
    }

    /// <summary>Whatever comes in whatever order: the lease is never believed longer than the store can have meant it.</summary>
    [Fact]
    public void Under_any_answers_the_gate_never_opens_beyond_what_was_given()
    {
        for (ulong seed = 1; seed <= 2000; seed++) RandomLife(new KernelRandom(seed));
    }

    private static void RandomLife(KernelRandom random)
    {
        int instances = 0;
        var machine = new LeaseMachine(Times, () => new Guid(++instances, 0, 0, new byte[8]));
        var effects = new List<LeaseEffect>();
        double now = 0, sentAt = 0, longest = 0;
        long open = 0;
        for (int step = 0; step < 60; step++)
        {
            now += random.NextDouble() * 3;
            switch (random.Next(5))
            {
                case 0: machine.Tick(At(now), effects); break;
                case 1: machine.Granted(new LeaseGranted(open, 7 + step, Ttl), At(now), effects); break;
                case 2: machine.Entered(new StoreCommitted(open, random.Chance(0.8), step), At(now), effects); break;
                case 3: machine.Kept(new LeaseKept(open, machine.Lease, random.Chance(0.9) ? Ttl : TimeSpan.Zero), At(now), effects); break;
                default: machine.Failed(Failure(open, random.Chance(0.5)), At(now), effects); break;
            }

            foreach (LeaseEffect effect in effects)
            {
                if (effect is AskLease or BeatLease) (sentAt, longest) = (now, Math.Max(longest, now));
                open = effect switch
                {
                    AskLease x => x.Request,
                    EnterMember x => x.Request,
                    BeatLease x => x.Request,
                    _ => open,
                };
                if (effect is HoldsUntil holds)
                    Assert.True(holds.SinceBoot <= At(longest) + Ttl - Times.Guard, $"at {now}: {holds.SinceBoot}, last sent at {sentAt}");
            }

            effects.Clear();
        }
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(1000 + seconds);

    private static StoreFailed Failure(long request, bool unknown) =>
        new(request, new Reason(ReasonCode.NoOwner, "for a test"), unknown);

    private void Join(double grantSent, double grantAnswered, double enterAnswered)
    {
        _machine.Tick(At(grantSent), _effects);
        _machine.Granted(new LeaseGranted(Taken<AskLease>()[0].Request, 7, Ttl), At(grantAnswered), _effects);
        _machine.Entered(new StoreCommitted(Taken<EnterMember>()[0].Request, true, 42), At(enterAnswered), _effects);
        Assert.Equal(new Joined(7, _machine.Instance, 42), Assert.Single(Taken<Joined>()));
    }

    private BeatLease Beat(double at)
    {
        _machine.Tick(At(at), _effects);
        return Taken<BeatLease>()[^1];
    }

    private T[] Taken<T>() => [.. _effects.OfType<T>()];
}
