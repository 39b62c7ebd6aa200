using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Host.Plugins;
using Agent.Tests.Backends;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Plugins;

/// <summary>Whatever a backend from outside does, the agent hears one fitting answer in time.</summary>
public sealed class BoundedBackendTests
{
    private static readonly DomainName Zone = DomainName.Parse("bounded.example.");
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);

    [Fact]
    public async Task Good_answers_pass_as_they_are()
    {
        var refused = new OrderFinished(0, OrderOutcome.Refused, new Reason(ReasonCode.TargetRefused, "so it is"));
        (BoundedBackend bounded, BackendCaller caller) = Bound(order => order switch
        {
            ApplyZone => [new OrderFinished(order.Id, OrderOutcome.Done, null)],
            RemoveZone => [refused with { Id = order.Id }],
            ObserveZone => [new ZoneObserved(order.Id, Observation.Present, 7, null)],
            ListServed => [new ServedListed(order.Id, [Zone], null)],
            _ => [new OrderFinished(order.Id, OrderOutcome.Done, null, "run 1")],
        });

        Assert.Equal("outside", bounded.Traits.Driver);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal("so it is", (await caller.RemoveAsync(Zone)).Reason?.Text);
        Assert.Equal(7u, (await caller.ObserveAsync(Zone)).Serial);
        Assert.Equal([Zone], (await caller.ListAsync()).Zones.Order());
        Assert.Equal("run 1", (await caller.ProbeAsync()).ServerRun);
        Assert.Empty(caller.Surplus);
    }

    [Fact]
    public async Task One_that_throws_has_refused_and_its_place_is_free_again()
    {
        (_, BackendCaller caller) = Bound(_ => throw new InvalidDataException("broken"));

        for (int round = 0; round < 5; round++)
        {
            OrderFinished answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
            Assert.Equal(OrderOutcome.Refused, answer.Outcome);
            Assert.Equal("the driver outside failed: InvalidDataException: broken", answer.Reason?.Text);
        }

        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);
        Assert.Equal(ReasonCode.TargetRefused, (await caller.ListAsync()).Failure?.Code);
    }

    [Fact]
    public async Task The_first_fitting_answer_counts_and_no_other()
    {
        (_, BackendCaller caller) = Bound(order =>
        [
            "words", null!, new OrderFinished(order.Id + 1000, OrderOutcome.Done, null), new ServedListed(order.Id, [], null),
            new OrderFinished(order.Id, OrderOutcome.Refused, null), new OrderFinished(order.Id, OrderOutcome.Done, null),
        ]);

        OrderFinished answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal((OrderOutcome.Refused, "the driver did not say why"), (answer.Outcome, answer.Reason?.Text));
        Assert.Equal(OrderOutcome.Refused, (await caller.RemoveAsync(Zone)).Outcome);
        Assert.Empty(caller.Surplus);
    }

    [Fact]
    public async Task One_that_never_answers_is_away_and_runs_out_of_places_and_not_we_of_memory()
    {
        List<ReplyTo> kept = [];
        (_, BackendCaller caller) = Bound(_ => [], kept);

        OrderFinished first = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        OrderFinished again = await caller.RemoveAsync(Zone);
        ZoneObserved seen = await caller.ObserveAsync(Zone);
        OrderFinished other = await caller.RemoveAsync(DomainName.Parse("b."));
        OrderFinished third = await caller.RemoveAsync(DomainName.Parse("c."));

        Assert.All([first, again, other, third], answer => Assert.Equal(OrderOutcome.Away, answer.Outcome));
        Assert.Contains("did not answer within 0.2 s", first.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("an earlier order for bounded.example. has not ended", again.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Contains("did not answer within", other.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("2 changes under way", third.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(2, kept.Count);

        // It comes round after all: the answer is nobody's any more, and the place is free.
        kept[0].Tell(new OrderFinished(1, OrderOutcome.Done, null));
        Assert.Contains("did not answer within", (await caller.RemoveAsync(Zone)).Reason!.Text, StringComparison.Ordinal);
        Assert.Empty(caller.Surplus);
    }

    [Fact]
    public async Task Probes_and_lists_that_hang_do_not_pile_up()
    {
        List<ReplyTo> kept = [];
        (_, BackendCaller caller) = Bound(_ => [], kept);

        await caller.ProbeAsync();
        await caller.ListAsync();
        Assert.Contains("an earlier probe", (await caller.ProbeAsync()).Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("an earlier list", (await caller.ListAsync()).Failure!.Text, StringComparison.Ordinal);
        Assert.Equal(2, kept.Count);
    }

    [Fact]
    public async Task A_list_that_is_too_long_or_none_is_a_failure()
    {
        (_, BackendCaller caller) = Bound(order => [new ServedListed(order.Id, [Zone, DomainName.Parse("b.")], null)]);
        (_, BackendCaller odd) = Bound(order => [new ServedListed(order.Id, default, null)]);
        (_, BackendCaller hole) = Bound(order => [new ServedListed(order.Id, [null!], null)]);

        Assert.Contains("more than 1 zones", (await caller.ListAsync(maximum: 1)).Failure!.Text, StringComparison.Ordinal);
        Assert.NotNull((await odd.ListAsync()).Failure);
        Assert.NotNull((await hole.ListAsync()).Failure);
    }

    [Fact]
    public async Task A_method_that_blocks_holds_the_caller_up_in_nothing()
    {
        using ManualResetEventSlim blocked = new();
        (_, BackendCaller caller) = Bound(order =>
        {
            blocked.Wait(TimeSpan.FromSeconds(30));
            return [new OrderFinished(order.Id, OrderOutcome.Done, null)];
        });

        OrderFinished answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        blocked.Set();
        Assert.Equal(OrderOutcome.Away, answer.Outcome);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5000, 1)]
    [InlineData(1, -1)]
    [InlineData(1, 3600)]
    public void Traits_that_cannot_be_are_found_at_once(int concurrency, int patienceSeconds)
    {
        var traits = new BackendTraits("x", concurrency, TimeSpan.FromSeconds(patienceSeconds));

        Assert.Throws<ArgumentException>(() => new BoundedBackend(
            "outside", new ScriptedBackend(traits, _ => [], []), TimeProvider.System, NullLogger.Instance));
    }

    [Fact]
    public async Task Closing_is_bounded_too()
    {
        (BoundedBackend bounded, _) = Bound(_ => [], [], new InvalidDataException("cannot close"));

        await bounded.DisposeAsync();
    }

    private static (BoundedBackend Bounded, BackendCaller Caller) Bound(
        Func<BackendOrder, IEnumerable<object>> script, List<ReplyTo>? kept = null, Exception? atClose = null)
    {
        var traits = new BackendTraits("a name of its own", 2, TimeSpan.FromSeconds(1)) { Listing = ZoneListing.Whole };
        var deadlines = new OrderDeadlines(Soon, Soon, Soon, Soon) { List = Soon };
        BoundedBackend bounded = new(
            "outside", new ScriptedBackend(traits, script, kept ?? [], atClose), TimeProvider.System, NullLogger.Instance, deadlines);
        return (bounded, new BackendCaller(bounded));
    }

    /// <summary>Answers each order with what a script makes of it, at once.</summary>
    private sealed class ScriptedBackend(
        BackendTraits traits, Func<BackendOrder, IEnumerable<object>> script, List<ReplyTo> kept, Exception? atClose = null) : IZoneBackend
    {
        public BackendTraits Traits => traits;

        public void Apply(ApplyZone order, ReplyTo replyTo) => Answer(order, replyTo);

        public void Remove(RemoveZone order, ReplyTo replyTo) => Answer(order, replyTo);

        public void Observe(ObserveZone order, ReplyTo replyTo) => Answer(order, replyTo);

        public void Probe(ProbeServer order, ReplyTo replyTo) => Answer(order, replyTo);

        public void List(ListServed order, ReplyTo replyTo) => Answer(order, replyTo);

        public ValueTask DisposeAsync() => atClose is null ? ValueTask.CompletedTask : ValueTask.FromException(atClose);

        private void Answer(BackendOrder order, ReplyTo replyTo)
        {
            lock (kept) kept.Add(replyTo);
            foreach (object answer in script(order)) replyTo.Tell(answer);
        }
    }
}
