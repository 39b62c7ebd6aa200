using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Conformance;
using Agent.Dns.Wire;
using Agent.Host.Configuration;
using Agent.Tests.Plugins;

namespace Agent.Tests.Backends.Conformance;

/// <summary>Every driver of ours, and the sample of one from outside, against the rules of the port.</summary>
public sealed class DriverConformanceTests
{
    private static readonly string[] Alone = ["embedded", "fake", "zone-files", "catalog", PluginBed.Sample];

    private static readonly string[] Served =
    [
        "bind9", "nsd", "knot", "gdnsd", "tinydns", "powerdns-api", "powerdns-sql", "dynamic-update", "exec",
    ];

    public static TheoryData<string> WithoutServer => [.. Alone];

    public static TheoryData<string> WithServer => [.. Served];

    [Theory]
    [MemberData(nameof(WithoutServer))]
    public async Task Conforms(string driver)
    {
        await using DriverBed bed = await DriverBeds.StartAsync(driver);

        Assert.Empty(await DriverConformance.RunAsync(bed, CancellationToken.None));
    }

    [Theory]
    [Trait("Category", "Peer")]
    [MemberData(nameof(WithServer))]
    public Task Conforms_with_its_server(string driver) => Conforms(driver);

    [Fact]
    public void No_driver_of_ours_is_left_out() =>
        Assert.Empty(TargetDrivers.All.Keys.Except(Alone).Except(Served));

    /// <summary>A check that finds nothing would be of no use.</summary>
    [Theory]
    [InlineData(Fault.AnswersTwice, "an answer too many")]
    [InlineData(Fault.ForgetsChanges, "is not seen as Present 11")]
    [InlineData(Fault.SaysAbsentForUnknown, "never was there is CannotTell")]
    [InlineData(Fault.RefusesRepeatedRemoval, "a removal of z")]
    [InlineData(Fault.NeverGoesBack, "is not seen as Present 19")]
    [InlineData(Fault.ListsTwice, ".conformance.example. 2 times")]
    [InlineData(Fault.GivesNoReason, "says Refused and not why")]
    [InlineData(Fault.AnswersOtherwise, "is answered by OrderFinished and not by ZoneObserved")]
    public async Task Finds_what_is_wrong(Fault fault, string words)
    {
        ConcurrentDictionary<DomainName, uint> served = new();
        await using DriverBed bed = new(() => new FaultyBackend(fault, served)) { Haste = TimeSpan.FromMilliseconds(50) };

        IReadOnlyList<ConformanceFinding> findings = await DriverConformance.RunAsync(bed, CancellationToken.None);

        Assert.Contains(findings, finding => finding.ToString().Contains(words, StringComparison.Ordinal));
    }

    public enum Fault
    {
        None,
        AnswersTwice,
        ForgetsChanges,
        SaysAbsentForUnknown,
        RefusesRepeatedRemoval,
        NeverGoesBack,
        ListsTwice,
        GivesNoReason,
        AnswersOtherwise,
    }

    private sealed class FaultyBackend(Fault fault, ConcurrentDictionary<DomainName, uint> served) : IZoneBackend
    {
        public BackendTraits Traits { get; } = new("faulty", 2, TimeSpan.FromSeconds(1)) { Listing = ZoneListing.Whole };

        public void Apply(ApplyZone order, ReplyTo replyTo)
        {
            bool isKept = fault == Fault.ForgetsChanges || (fault == Fault.NeverGoesBack && order.Content.Serial == 19);
            if (!isKept || !served.ContainsKey(order.Zone)) served[order.Zone] = order.Content.Serial;
            Finish(order, replyTo, fault == Fault.GivesNoReason ? OrderOutcome.Refused : OrderOutcome.Done);
        }

        public void Remove(RemoveZone order, ReplyTo replyTo)
        {
            bool wasThere = served.TryRemove(order.Zone, out uint _);
            bool isRefused = fault == Fault.RefusesRepeatedRemoval && !wasThere;
            Finish(order, replyTo, isRefused ? OrderOutcome.Refused : OrderOutcome.Done, "not there");
        }

        public void Observe(ObserveZone order, ReplyTo replyTo)
        {
            if (fault == Fault.AnswersOtherwise) Finish(order, replyTo, OrderOutcome.Done);
            else if (served.TryGetValue(order.Zone, out uint serial))
                replyTo.Tell(new ZoneObserved(order.Id, Observation.Present, serial, null));
            else if (fault == Fault.SaysAbsentForUnknown)
                replyTo.Tell(new ZoneObserved(order.Id, Observation.CannotTell, 0, new Reason(ReasonCode.TargetAway, "who knows")));
            else
                replyTo.Tell(new ZoneObserved(order.Id, Observation.Absent, 0, null));
        }

        public void Probe(ProbeServer order, ReplyTo replyTo)
        {
            Finish(order, replyTo, OrderOutcome.Done);
            if (fault == Fault.AnswersTwice) Finish(order, replyTo, OrderOutcome.Done);
        }

        public void List(ListServed order, ReplyTo replyTo)
        {
            DomainName[] zones = [.. served.Keys, .. fault == Fault.ListsTwice ? served.Keys : []];
            replyTo.Tell(zones.Length > order.Maximum
                ? new ServedListed(order.Id, [], new Reason(ReasonCode.TargetRefused, "too many"))
                : new ServedListed(order.Id, [.. zones], null));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static void Finish(BackendOrder order, ReplyTo replyTo, OrderOutcome outcome, string? reason = null) => replyTo.Tell(
            new OrderFinished(order.Id, outcome, reason is null ? null : new Reason(ReasonCode.TargetRefused, reason)));
    }
}
