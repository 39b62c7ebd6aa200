using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>The harness itself: named starts, serves, changes, notifies and stops as told.</summary>
[Trait("Category", "Peer")]
public sealed class BindServerTests : MasterServerTests<BindServer>
{
    protected override BindServer CreateServer() => new();

    [Theory]
    [InlineData("hmac-md5")]
    [InlineData("hmac-sha1")]
    [InlineData("hmac-sha512")]
    public async Task Takes_zones_over_its_control_channel(string algorithm)
    {
        await using BindServer server = new() { ControlAlgorithm = algorithm };
        await server.StartAsync();
        MasterZone zone = MasterZone.WithHosts("target.example.", 7, 3);
        string file = Path.Combine(server.ZoneFolder, "target.example.zone");
        await File.WriteAllTextAsync(file, zone.ToFileText());

        (await server.RndcAsync("addzone", "target.example", $"{{ type master; file \"{file}\"; }};")).EnsureSuccess();

        Assert.Equal(7u, await WorkerClient.PollSerialAsync(server.EndPoint, "target.example."));
    }

    [Fact]
    public async Task Shows_each_view_to_its_own_side()
    {
        await using BindServer server = new() { Views = ["inside", "outside"] };
        await server.StartAsync();
        string file = Path.Combine(server.ZoneFolder, "split.zone");
        await File.WriteAllTextAsync(file, MasterZone.Create("split.example", 3).ToFileText());

        (await server.RndcAsync("addzone", "split.example", "in", "outside", $"{{ type master; file \"{file}\"; }};")).EnsureSuccess();

        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, "split.example."));
        Assert.Equal(3u, await WorkerClient.PollSerialAsync(server.EndPointIPv6, "split.example."));
    }
}
