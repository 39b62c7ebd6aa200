using System.Globalization;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Secondaries;

/// <summary>A server that transfers its zones itself is brought to each version, by whatever means it has.</summary>
[Trait("Category", "Peer")]
public sealed class SecondaryStyleTests
{
    private static readonly DomainName Zone = DomainName.Parse("followed.example.");

    public static TheoryData<string> Drivers => ["bind9", "knot", "nsd", "powerdns-api"];

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task Each_version_is_fetched_at_once_whatever_became_of_the_server(string driver)
    {
        await using SecondaryBed bed = await SecondaryBed.StartAsync(driver);
        await bed.BringAsync(Zone, 5);
        await bed.BringAsync(Zone, 6, hosts: 20);

        // A serial that goes back, and content that changed under its serial: both only with the whole zone.
        await bed.BringAsync(Zone, 2, hosts: 3);
        bed.AtPrimary[DomainText].Hosts = 7;
        await SameAsPrimaryAsync(bed, isRepeating: true);

        await bed.Server.StopAsync();
        await bed.Server.StartAsync();
        await bed.ServedAsync(Zone, 2);
        await bed.BringAsync(Zone, 8);
        await bed.Server.WipeAsync();
        Assert.Empty(bed.Files());
        await bed.Server.StartAsync();
        await bed.DoneAsync(bed.Driver.ProbeAsync());
        await bed.BringAsync(Zone, 9);
        await SameAsPrimaryAsync(bed);

        await bed.DoneAsync(bed.Driver.RemoveAsync(Zone));
        await bed.GoneAsync(Zone);
        Assert.Empty(bed.Files());
        await bed.DoneAsync(bed.Driver.RemoveAsync(Zone));

        // Older than what it had before: nothing of that may be left.
        await bed.BringAsync(Zone, 1);
        Assert.Empty(bed.Driver.Surplus);
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task Two_hundred_zones_come_are_named_and_go(string driver)
    {
        await using SecondaryBed bed = await SecondaryBed.StartAsync(driver);
        DomainName[] zones =
            [.. Enumerable.Range(0, 200).Select(i => DomainName.Parse($"z{i.ToString(CultureInfo.InvariantCulture)}.many.example."))];

        await Task.WhenAll(zones.Select(zone => bed.BringAsync(zone, 1)));
        await Task.WhenAll(zones.Select(zone => bed.BringAsync(zone, 2)));
        // Where the names come from files, they are there when named has written them.
        await Eventually.HoldsAsync(
            async () => (await bed.Driver.ListAsync()).Zones.ToHashSet().SetEquals(zones),
            () => $"{string.Join(' ', bed.Files())}\n{bed.Server.Output}");

        await Task.WhenAll(zones.Select(async zone => await bed.DoneAsync(bed.Driver.RemoveAsync(zone))));
        foreach (DomainName zone in zones) await bed.GoneAsync(zone);
        Assert.Empty((await bed.Driver.ListAsync()).Zones);
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task A_zone_goes_over_to_the_other_style_and_back(string driver)
    {
        await using SecondaryBed bed = await SecondaryBed.StartAsync(driver);
        BackendCaller given = bed.Again(isSecondary: false);
        await bed.DoneAsync(given.ApplyAsync(Zone, SmallZone.Create(Zone, 3)));
        await bed.ServedAsync(Zone, 3);

        Assert.NotNull(await bed.Driver.SettingsDifferenceAsync(Zone));

        // With the content that it has it goes on at once, also where the primary cannot be asked.
        await bed.DoneAsync(bed.Driver.ApplyAsync(Zone, SmallZone.Create(Zone, 3)));
        await bed.ServedAsync(Zone, 3);
        await bed.BringAsync(Zone, 4, hosts: 9);
        await SameAsPrimaryAsync(bed);
        Assert.Null(await bed.Driver.SettingsDifferenceAsync(Zone));

        BackendCaller givenAgain = bed.Again(isSecondary: false);
        Assert.NotNull(await givenAgain.SettingsDifferenceAsync(Zone));
        await bed.DoneAsync(givenAgain.ApplyAsync(Zone, SmallZone.Create(Zone, 5, hosts: 2)));
        await bed.ServedAsync(Zone, 5);
        // The primary has another version, which nobody fetches any more.
        await bed.DoneAsync(givenAgain.ApplyAsync(Zone, SmallZone.Create(Zone, 6, hosts: 2)));
        await bed.ServedAsync(Zone, 6);
        Assert.Null(await givenAgain.SettingsDifferenceAsync(Zone));
        await bed.DoneAsync(bed.Again(isSecondary: true).RemoveAsync(Zone));
        await bed.GoneAsync(Zone);
        Assert.Empty(bed.Files());
    }

    private static string DomainText => Zone.ToString();

    /// <param name="bed">The server.</param>
    /// <param name="isRepeating">The order is given again until it has helped, as the ladder does.</param>
    private static async Task SameAsPrimaryAsync(SecondaryBed bed, bool isRepeating = false)
    {
        IReadOnlyList<string> wanted = [];
        IReadOnlyList<string> served = [];
        await Eventually.HoldsAsync(
            async () =>
            {
                if (isRepeating)
                    await bed.DoneAsync(bed.Driver.ApplyAsync(Zone, SmallZone.Create(Zone, bed.AtPrimary[DomainText].Serial)));
                wanted = await bed.PrimaryContentAsync(Zone);
                served = await bed.ContentAsync(Zone);
                return wanted.Count > 0 && wanted.Order(StringComparer.Ordinal).SequenceEqual(served.Order(StringComparer.Ordinal));
            },
            () => $"{string.Join('\n', wanted)}\n--\n{string.Join('\n', served)}\n{bed.Server.Output}");
    }
}
