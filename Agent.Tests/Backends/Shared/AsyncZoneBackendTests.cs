using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Shared;

public sealed class AsyncZoneBackendTests
{
    private static readonly DomainName Zone = DomainName.Parse("a.example.");
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Every_order_gets_one_answer_under_its_number()
    {
        await using ScriptedBackend backend = new(_ => Task.CompletedTask);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(Zone)).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(Zone)).Observation);
        Assert.Empty(caller.Surplus);
    }

    public static TheoryData<Exception, OrderOutcome, string> Failures => new()
    {
        { BackendException.Refused("no"), OrderOutcome.Refused, ReasonCode.TargetRefused },
        { BackendException.CannotHold("much"), OrderOutcome.Refused, ReasonCode.TargetCannotHold },
        { BackendException.Away("gone"), OrderOutcome.Away, ReasonCode.TargetAway },
        { BackendException.NameNotAcceptable("long"), OrderOutcome.Refused, ReasonCode.NameNotAcceptable },
        { new IOException("disk"), OrderOutcome.Away, ReasonCode.TargetAway },
        { new UnauthorizedAccessException("mode"), OrderOutcome.Away, ReasonCode.TargetAway },
        { new SocketException((int)SocketError.ConnectionReset), OrderOutcome.Away, ReasonCode.TargetAway },
        { new FormatException("a fault of ours"), OrderOutcome.Refused, ReasonCode.TargetRefused },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Exceptions_become_outcomes_with_reasons(Exception failure, OrderOutcome outcome, string code)
    {
        await using ScriptedBackend backend = new(_ => throw failure);
        BackendCaller caller = new(backend);

        OrderFinished apply = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        ZoneObserved observe = await caller.ObserveAsync(Zone);

        Assert.Equal(outcome, apply.Outcome);
        Assert.Equal(code, apply.Reason!.Code);
        Assert.NotEmpty(apply.Reason.Text);
        Assert.Equal(Observation.CannotTell, observe.Observation);
        Assert.NotNull(observe.Reason);
    }

    [Fact]
    public async Task A_zone_beyond_the_limits_is_refused_and_the_driver_hears_nothing_of_it()
    {
        int orders = 0;
        ZoneLimits limits = new() { Records = 5 };
        await using ScriptedBackend backend = new(
            _ =>
            {
                orders++;
                return Task.CompletedTask;
            },
            limits: limits);
        BackendCaller caller = new(backend);

        OrderFinished refused = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 7, hosts: 4));

        Assert.Equal((OrderOutcome.Refused, ReasonCode.TargetCannotHold), (refused.Outcome, refused.Reason?.Code));
        Assert.Equal("scripted cannot hold a.example., serial 7: more than 5 records: 6", refused.Reason!.Text);
        Assert.Equal(0, orders);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 8, hosts: 3))).Outcome);
        Assert.Equal(limits, (await caller.ProbeAsync()).Limits);
    }

    [Fact]
    public async Task Work_that_heeds_its_deadline_is_away()
    {
        await using ScriptedBackend backend = new(cancellation => UntilCancelledAsync(cancellation), Soon);
        BackendCaller caller = new(backend);

        OrderFinished answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains("not done within", answer.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_hangs_is_answered_for_and_never_runs_beside_its_successor()
    {
        TaskCompletionSource release = new();
        int started = 0;
        await using ScriptedBackend backend = new(
            _ =>
            {
                // Blocks the thread, as a hung disk does.
                if (Interlocked.Increment(ref started) == 1)
                    release.Task.GetAwaiter().GetResult();
                return Task.CompletedTask;
            },
            Soon);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Away, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        OrderFinished second = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, second.Outcome);
        Assert.Contains("earlier order", second.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(1, started);
        DomainName other = DomainName.Parse("other.example.");
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(other, SmallZone.Create(other, 1))).Outcome);

        release.SetResult();
        await Eventually.HoldsAsync(
            async () => (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3))).Outcome == OrderOutcome.Done,
            () => "the zone is free again");
        Assert.Empty(caller.Surplus);
    }

    [Fact]
    public async Task No_more_work_at_once_than_announced_and_probes_pass_by()
    {
        int now = 0, most = 0;
        TaskCompletionSource release = new();
        await using ScriptedBackend backend = new(async _ =>
        {
            int running = Interlocked.Increment(ref now);
            lock (release)
                most = Math.Max(most, running);
            await release.Task;
            Interlocked.Decrement(ref now);
        });
        BackendCaller caller = new(backend);
        Task<OrderFinished>[] orders =
        [
            .. Enumerable.Range(0, 20)
                .Select(i => DomainName.Parse($"z{i}.example."))
                .Select(zone => caller.ApplyAsync(zone, SmallZone.Create(zone, 1))),
        ];

        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        release.SetResult();
        Assert.All(await Task.WhenAll(orders), answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        Assert.InRange(most, 1, ScriptedBackend.ConcurrentOrders);
    }

    [Fact]
    public async Task While_a_zone_changes_nobody_else_changes_it_or_says_what_is_there()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedBackend backend = new(_ =>
        {
            begun.TrySetResult();
            return release.Task;
        });
        BackendCaller caller = new(backend);
        Task<OrderFinished> order = caller.RemoveAsync(Zone);
        await begun.Task;

        Assert.Equal(OrderOutcome.Away, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);

        release.SetResult();
        Assert.Equal(OrderOutcome.Done, (await order).Outcome);
    }

    [Fact]
    public async Task Closing_answers_what_is_under_way()
    {
        ScriptedBackend backend = new(cancellation => UntilCancelledAsync(cancellation));
        BackendCaller caller = new(backend);
        Task<OrderFinished> order = caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        await backend.DisposeAsync();

        OrderFinished answer = await order;
        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains("being closed", answer.Reason!.Text, StringComparison.Ordinal);
    }

    private static Task UntilCancelledAsync(CancellationToken cancellation) =>
        new TaskCompletionSource().Task.WaitAsync(cancellation);

    /// <summary>Does the same for applying, removing and observing; probes always succeed.</summary>
    private sealed class ScriptedBackend(
        Func<CancellationToken, Task> work, TimeSpan? deadline = null, ZoneLimits? limits = null) : AsyncZoneBackend(
        new BackendTraits("scripted", ConcurrentOrders, TimeSpan.Zero) { Limits = limits ?? ZoneLimits.None },
        new OrderDeadlines(deadline ?? Long, deadline ?? Long, deadline ?? Long, Long),
        TimeProvider.System)
    {
        public const int ConcurrentOrders = 3;

        private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

        protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) => work(cancellation);

        protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation) => work(cancellation);

        protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
        {
            await work(cancellation);
            return ZoneSighting.Absent;
        }

        protected override Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;
    }
}
