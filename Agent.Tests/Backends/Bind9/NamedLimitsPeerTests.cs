using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Bind9;

/// <summary>What the driver refuses because named would not load it, named does not load; and what it lets pass, named serves.</summary>
[Trait("Category", "Peer")]
public sealed class NamedLimitsPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("limits.example.");

    [Fact]
    public async Task Its_own_limits_are_those_of_the_driver()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();

        await AgreeAsync(target, "records", Texts(100), Texts(101), "more than 100 TXT records at t.");
        await AgreeAsync(target, "types", Types(100), Types(101), "records of more than 100 types at t.");
        await AgreeAsync(target, "signatures", Signatures(99), Signatures(100), "records of more than 100 types at t.");
    }

    /// <summary>named would go on with the version before, and say why in its log alone.</summary>
    [Fact]
    public async Task A_zone_that_grows_beyond_them_is_served_as_it_was_and_refused_with_the_reason()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        await target.AppliedAsync(Zone, Content(1, Texts(100)));

        await RefusedAsync(target, Content(2, Texts(101)), "more than 100 TXT records at t.limits.example.");

        await target.ServedAsync(Zone, 1);
        Assert.DoesNotContain("reload limits.example", target.Server.Output, StringComparison.Ordinal);
        await target.AppliedAsync(Zone, Content(3, Texts(99)));
    }

    [Fact]
    public async Task Zone_options_say_other_numbers()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "max-records-per-type 150; max-types-per-name 0;");

        await target.AppliedAsync(Zone, Content(1, Texts(150)));
        await RefusedAsync(target, Content(2, Texts(151)), "more than 150 TXT records");
        await target.AppliedAsync(Zone, Content(3, Types(200)));
    }

    private static async Task AgreeAsync(Bind9Target target, string name, string[] fitting, string[] tooMany, string objection)
    {
        string zone = $"{name}.limits.example.";
        ZoneContent good = UpdateTarget.Zone(zone, 1, ["@ NS ns1.elsewhere.test.", .. fitting]);
        await target.AppliedAsync(good.Apex, good);
        await target.RemovedAsync(good.Apex);

        ZoneContent bad = UpdateTarget.Zone(zone, 2, ["@ NS ns1.elsewhere.test.", .. tooMany]);
        await RefusedAsync(target, bad, objection);
        string file = Path.Combine(target.Server.FolderPath, $"{name}.direct");
        await using (FileStream stream = File.Create(file))
            Assert.Equal(ZoneContentError.None, ZoneFileWriter.Write(bad, stream));
        ToolResult direct = await target.Server.RndcAsync("addzone", zone, $"{{ type primary; file \"{file}\"; check-names ignore; }};");
        Assert.True(direct.ExitCode != 0, $"named takes {tooMany.Length} lines of {name}");
    }

    private static async Task RefusedAsync(Bind9Target target, ZoneContent content, string objection)
    {
        OrderFinished answer = await target.Caller.ApplyAsync(content.Apex, content);
        Assert.Equal((OrderOutcome.Refused, ReasonCode.TargetCannotHold), (answer.Outcome, answer.Reason?.Code));
        Assert.True(answer.ChangedNothing);
        Assert.Contains(objection, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("zone-options", answer.Reason.Text, StringComparison.Ordinal);
    }

    private static ZoneContent Content(uint serial, string[] lines) =>
        UpdateTarget.Zone(Zone.ToString(), serial, ["@ NS ns1.elsewhere.test.", .. lines]);

    private static string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => $"t TXT x{i}")];

    private static string[] Types(int count) => [.. Enumerable.Range(0, count).Select(i => $"t TYPE{65300 + i} \\# 1 00")];

    /// <summary>One type, and signatures that cover so many.</summary>
    private static string[] Signatures(int count) =>
    [
        "t TXT x",
        .. Enumerable.Range(0, count)
            .Select(i => $"t RRSIG TYPE{65300 + i} 8 3 300 20300101000000 20200101000000 1234 limits.example. AwEAAQ=="),
    ];
}
