using System.Net;
using System.Net.Sockets;
using Agent.Bench.Chaos;
using Agent.Bench.Peers;

namespace Agent.Tests.Chaos;

/// <summary>Links between namespaces, cut and healed: seen by datagrams that this process and a server in a namespace exchange.</summary>
[Trait("Category", "Peer")]
public sealed class NetworkFabricTests : IAsyncLifetime
{
    private NetworkFabric _network = null!;
    private KnotServer _server = null!;
    private IPAddress _station = null!;

    public async Task InitializeAsync()
    {
        _network = await NetworkFabric.StartedAsync();
        _server = new KnotServer { Place = await _network.AddNodeAsync("server", 11) };
        _station = await _network.AddStationAsync("station", 51);
        await _server.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _network.DisposeAsync();
    }

    [Fact]
    public async Task A_link_cut_one_way_loses_what_is_sent_to_that_station_and_nothing_else()
    {
        await AnswersAsync(_station);
        await _network.CutAsync("server", "station");
        Assert.False(await HearsAsync(_station, TimeSpan.FromSeconds(1)));
        await AnswersAsync(_network.Here);
        // The question arrived: it is the answer that was lost.
        ToolResult neighbours = await Tool.RunAsync(
            _server.Place.Launcher[0], [.. _server.Place.Launcher.Skip(1), Tool.Find("ip"), "neigh", "show", _station.ToString()]);
        Assert.Contains("PERMANENT", neighbours.Output, StringComparison.Ordinal);
        await _network.HealAsync("server", "station");
        await AnswersAsync(_station);
    }

    [Fact]
    public async Task A_node_whose_cable_is_pulled_is_heard_by_nobody_until_it_is_back()
    {
        await AnswersAsync(_station);
        await _network.UnplugAsync("server");
        Assert.False(await HearsAsync(_station, TimeSpan.FromSeconds(1)));
        Assert.False(await HearsAsync(_network.Here, TimeSpan.FromSeconds(1)));
        await _network.PlugAsync("server");
        await AnswersAsync(_station);
    }

    [Fact]
    public async Task Two_networks_stand_side_by_side()
    {
        await using NetworkFabric other = await NetworkFabric.StartedAsync();
        Assert.NotEqual(_network.Prefix, other.Prefix);
    }

    private Task AnswersAsync(IPAddress source) => Eventually.HoldsAsync(
        () => HearsAsync(source, TimeSpan.FromSeconds(2)), () => $"the server answers {source}");

    private async Task<bool> HearsAsync(IPAddress source, TimeSpan patience)
    {
        byte[] request = DnsTestMessage.Request(1, 0, "probe.invalid", DnsTestMessage.TypeSoa);
        try
        {
            return await DnsSender.AskByUdpAsync(_server.EndPoint, request, patience, source) is not null;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
