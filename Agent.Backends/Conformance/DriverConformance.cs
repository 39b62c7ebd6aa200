using Agent.Actors.Backends;
using Agent.Dns.Wire;

namespace Agent.Backends.Conformance;

/// <summary>The rules of <see cref="IZoneBackend"/>, each as a check against a real driver and its server.</summary>
public static class DriverConformance
{
    private const int LargeZoneHosts = 20_000;
    private const int AtOnceMax = 16;
    private const int ListMaximum = 100_000;

    private static readonly string[] HostileNames =
    [
        @"\.\./\.\./etc/passwd.", @"a\/b.conformance.example.", @"a\000b.conformance.example.", @"semi\;colon.conformance.example.",
        "quo\\\"te.conformance.example.", @"a\ b.conformance.example.", @"back\\slash.conformance.example.",
        @"new\010line.conformance.example.", @"$\(id\).conformance.example.", "-flag.conformance.example.",
        @"\255\254.conformance.example.",
        "@.conformance.example.", "*.conformance.example.", "UPPER.Conformance.example.", "_srv._tcp.conformance.example.",
        @"a\.b.conformance.example.", "%2e%2e.conformance.example.", $"{new string('x', 63)}.conformance.example.",
        string.Join('.', Enumerable.Repeat(new string('y', 63), 3)) + $".{new string('z', 61)}.",
    ];

    private static readonly (string Name, Func<ConformanceRun, Task> Check)[] All =
    [
        ("a zone comes, changes and goes", ChangesAsync),
        ("repeats are successes", RepeatsAsync),
        ("an older serial is taken or refused, never passed over", GoesBackAsync),
        ("what was never there is absent, and not unknown", AbsentAsync),
        ("as many orders at once as it says", AtOnceAsync),
        ("a bad zone among many costs the others nothing, and comes right", BadAmongManyAsync),
        ("another process finds and changes what this one did", AgainAsync),
        ("a strange name is held or refused with a reason, and touches nothing else", HostileNamesAsync),
        ("records of every type come over as they are", TypesAsync),
        ("a list names each zone once, and one too long is a failure", ListAsync),
        ("a large zone", LargeAsync),
        ("a server that hangs is away, and holds up nothing for long", HungAsync),
        ("closing answers every order", ClosingAsync),
    ];

    /// <summary>Runs all checks that the bed allows, one after the other, each with a driver of its own.</summary>
    /// <returns>What is wrong; nothing when the driver conforms.</returns>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public static async Task<IReadOnlyList<ConformanceFinding>> RunAsync(ConformanceBed bed, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(bed);
        List<ConformanceFinding> findings = [];
        foreach ((string name, Func<ConformanceRun, Task> check) in All)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                await using IZoneBackend backend = bed.CreateBackend();
                ConformanceCaller caller = new(backend);
                await check(new ConformanceRun(bed, caller, cancellation));
                caller.CheckSurplus();
            }
            catch (ConformanceException problem)
            {
                findings.Add(new ConformanceFinding(name, problem.Message));
            }
        }

        return findings;
    }

    private static async Task ChangesAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        await ConformanceRun.DoneAsync(run.Caller.ProbeAsync(), "a probe");
        ConformanceRun.Require(run.Traits.MaxConcurrentOrders >= 1, "it takes no orders (MaxConcurrentOrders)");
        ConformanceRun.Require(
            run.Traits.OrdersTogether >= 1 && run.Traits.OrdersTogether <= run.Traits.MaxConcurrentOrders,
            "it puts more orders together than it takes at once (OrdersTogether, MaxConcurrentOrders)");
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 10));
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 11, hosts: 200));
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 12, hosts: 0));
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
    }

    private static async Task RepeatsAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
        for (int round = 0; round < 2; round++) await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 10));
        for (int round = 0; round < 2 && run.Bed.MakesZones; round++) await run.RemovedAsync(zone);
    }

    private static async Task GoesBackAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        await run.AppliedAsync(ConformanceRun.Content(zone, 20));
        if (run.Bed.GoesBack)
        {
            await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 19, hosts: 5));
        }
        else
        {
            OrderFinished answer = await run.Caller.ApplyAsync(ConformanceRun.Content(zone, 19, hosts: 5));
            ConformanceRun.Require(answer.Outcome == OrderOutcome.Refused, $"an older serial ended with {answer.Outcome}");
        }
    }

    private static async Task AbsentAsync(ConformanceRun run)
    {
        if (!run.Bed.MakesZones) return;
        DomainName zone = await run.Bed.TakeZoneAsync();
        ZoneObserved seen = await run.Caller.ObserveAsync(zone);
        ConformanceRun.Require(
            seen.Observation == Observation.Absent, $"a zone that never was there is {seen.Observation}: {seen.Reason?.Text}");
    }

    private static async Task AtOnceAsync(ConformanceRun run)
    {
        int count = Math.Min(run.Traits.MaxConcurrentOrders, AtOnceMax);
        List<DomainName> zones = [];
        while (zones.Count < count) zones.Add(await run.Bed.TakeZoneAsync());
        await Task.WhenAll(zones.Select(zone => run.AppliedAsync(ConformanceRun.Content(zone, 10))));
        await Task.WhenAll(zones.Select(zone => run.AppliedEquallyAsync(ConformanceRun.Content(zone, 11))));
        if (run.Bed.MakesZones) await Task.WhenAll(zones.Select(run.RemovedAsync));
    }

    /// <summary>An alias beside other data: one server takes it, another refuses it, a third takes the zone and does not load it.</summary>
    private static async Task BadAmongManyAsync(ConformanceRun run)
    {
        DomainName bad = await run.Bed.TakeZoneAsync();
        List<DomainName> good = [];
        while (good.Count + 1 < Math.Clamp(run.Traits.MaxConcurrentOrders, 2, AtOnceMax)) good.Add(await run.Bed.TakeZoneAsync());
        Task<OrderFinished>[] before =
            [.. good.Skip(good.Count / 2).Select(zone => run.Caller.ApplyAsync(ConformanceRun.Content(zone, 10)))];
        Task<OrderFinished> doubtful = run.Caller.ApplyAsync(ConformanceRun.Content(bad, 10, ["a CNAME b", "a A 192.0.2.1"]));
        await Task.WhenAll(good.Take(good.Count / 2).Select(zone => run.AppliedAsync(ConformanceRun.Content(zone, 10))));
        await Task.WhenAll(before.Select(order => ConformanceRun.DoneAsync(order, "an apply beside a bad zone")));
        OrderFinished answer = await doubtful;
        ZoneObserved seen = await run.Caller.ObserveAsync(bad);
        ConformanceRun.Require(
            answer.Outcome == OrderOutcome.Done || seen.Observation != Observation.Present || seen.Serial != 10,
            $"it serves what it has not done: {answer.Reason?.Text}");
        await Task.WhenAll(good.Select(zone => run.ServedAsync(zone, 10)));
        await run.AppliedAsync(ConformanceRun.Content(bad, 11));
        if (run.Bed.MakesZones) await Task.WhenAll(good.Append(bad).Select(run.RemovedAsync));
    }

    private static async Task AgainAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        await run.AppliedAsync(ConformanceRun.Content(zone, 10));
        await using IZoneBackend backend = run.Bed.CreateBackend();
        ConformanceCaller caller = new(backend);
        ConformanceRun again = new(run.Bed, caller, run.Cancellation);
        await again.ServedAsync(zone, 10);
        await again.AppliedEquallyAsync(ConformanceRun.Content(zone, 10));
        await again.AppliedEquallyAsync(ConformanceRun.Content(zone, 11, hosts: 3));
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 12, hosts: 1));
        if (run.Bed.MakesZones) await again.RemovedAsync(zone);
        if (run.Bed.MakesZones) await run.SeenAsync(zone, Observation.Absent, 0);
        caller.CheckSurplus();
    }

    private static async Task HostileNamesAsync(ConformanceRun run)
    {
        if (!run.Bed.MakesZones) return;
        DomainName witness = await run.Bed.TakeZoneAsync();
        await run.AppliedAsync(ConformanceRun.Content(witness, 10));
        foreach (DomainName zone in HostileNames.Select(DomainName.Parse))
        {
            OrderFinished answer = await run.Caller.ApplyAsync(ConformanceRun.Content(zone, 7, hosts: 0));
            ConformanceRun.Require(answer.Outcome != OrderOutcome.Away, $"the name {zone} makes it away: {answer.Reason?.Text}");
            if (answer.Outcome == OrderOutcome.Done) await run.ServedAsync(zone, 7);
            // Also what was refused is asked to be removed in the end.
            await ConformanceRun.DoneAsync(run.Caller.RemoveAsync(zone), $"a removal of {zone}");
            if (answer.Outcome == OrderOutcome.Done) await run.SeenAsync(zone, Observation.Absent, 0);
        }

        await run.ServedAsync(witness, 10);
        await run.RemovedAsync(witness);
    }

    private static async Task TypesAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 10, run.Bed.RecordLines));
        // By owners, for some records mean nothing without another beside them (DS and NS).
        IEnumerable<string> half =
            run.Bed.RecordLines.GroupBy(line => line.Split(' ')[0]).Where((_, i) => i % 2 == 0).SelectMany(lines => lines);
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 11, half));
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
    }

    private static async Task ListAsync(ConformanceRun run)
    {
        DomainName[] zones = [await run.Bed.TakeZoneAsync(), await run.Bed.TakeZoneAsync()];
        foreach (DomainName zone in zones) await run.AppliedAsync(ConformanceRun.Content(zone, 10));
        ServedListed listed = await run.Caller.ListAsync(ListMaximum);
        if (run.Traits.Listing == ZoneListing.None)
        {
            ConformanceRun.Require(listed.Failure is not null, "it says that it names no zones (Listing), and names some");
        }
        else
        {
            ConformanceRun.Require(listed.Failure is null, $"a list ended with {listed.Failure?.Text}");
            foreach (DomainName zone in zones)
            {
                int count = listed.Zones.Count(name => name.Equals(zone));
                ConformanceRun.Require(count == 1, $"the list names {zone} {count} times");
            }

            ServedListed tooLong = await run.Caller.ListAsync(maximum: 1);
            ConformanceRun.Require(tooLong.Failure is not null && tooLong.Zones.IsEmpty, "a list above the maximum is no failure");
        }

        if (!run.Bed.MakesZones) return;
        foreach (DomainName zone in zones) await run.RemovedAsync(zone);
        listed = await run.Caller.ListAsync(ListMaximum);
        ConformanceRun.Require(!listed.Zones.Intersect(zones).Any(), "the list names a zone that is gone");
    }

    private static async Task LargeAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        await run.AppliedEquallyAsync(ConformanceRun.Content(zone, 10, LargeZoneHosts));
        // Far enough for a server that counts a serial for each part of a change.
        await run.AppliedAsync(ConformanceRun.Content(zone, 100_000, hosts: 1));
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
    }

    private static async Task HungAsync(ConformanceRun run)
    {
        if (!run.Bed.CanHang) return;
        DomainName zone = await run.Bed.TakeZoneAsync();
        await run.AppliedAsync(ConformanceRun.Content(zone, 10));
        await run.Bed.HangAsync();
        try
        {
            Task<ZoneObserved> look = run.Caller.ObserveAsync(zone);
            Task<OrderFinished> change = run.Caller.ApplyAsync(ConformanceRun.Content(zone, 11));
            OrderFinished probe = await run.Caller.ProbeAsync();
            OrderFinished apply = await change;
            ConformanceRun.Require(probe.Outcome == OrderOutcome.Away, $"a probe of a server that hangs ended with {probe.Outcome}");
            ConformanceRun.Require(
                apply.Outcome != OrderOutcome.Refused, $"an apply while the server hangs ended with {apply.Outcome}: {apply.Reason?.Text}");
            ConformanceRun.Require((await look).Observation != Observation.Absent, "a server that hangs counts as one without the zone");
        }
        finally
        {
            await run.Bed.ResumeAsync();
        }

        await run.AppliedAsync(ConformanceRun.Content(zone, 12));
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
    }

    private static async Task ClosingAsync(ConformanceRun run)
    {
        DomainName zone = await run.Bed.TakeZoneAsync();
        DomainName other = await run.Bed.TakeZoneAsync();
        await using IZoneBackend backend = run.Bed.CreateBackend();
        ConformanceCaller caller = new(backend);
        Task[] orders =
        [
            caller.ApplyAsync(ConformanceRun.Content(zone, 10, hosts: 500)), caller.ObserveAsync(other), caller.ProbeAsync(),
            caller.ListAsync(ListMaximum),
        ];
        await backend.DisposeAsync();
        await Task.WhenAll(orders);
        caller.CheckSurplus();
        await run.AppliedAsync(ConformanceRun.Content(zone, 11));
        if (run.Bed.MakesZones) await run.RemovedAsync(zone);
    }
}
