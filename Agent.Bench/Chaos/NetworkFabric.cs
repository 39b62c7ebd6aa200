using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>
/// A network of this process's own: a network namespace for each node, all on one bridge in a namespace too, and this machine as one more
/// station on it. Nothing has a name outside: each namespace lives as long as a sleeping child of this process, so that nothing is left
/// behind however this process ends.
/// </summary>
/// <remarks>
/// One direction of a link is cut in the neighbour table of the sender, which sends to an address that nobody has: the packets
/// leave and are lost in silence, as on a broken line, while the other direction goes on. No filter and no queueing
/// discipline is needed for it, which not every kernel has.
/// </remarks>
internal sealed class NetworkFabric : IAsyncDisposable
{
    private const string Nobody = "02:00:00:00:00:01";
    private const string Interface = "eth0";
    private const int Slots = 512;
    private const int StationHost = 1;

    private readonly Dictionary<string, (ChildProcess Holder, IPAddress Address, int Number)> _nodes = new(StringComparer.Ordinal);
    private readonly ChildProcess _switch;
    private readonly int _slot;
    private readonly string _uplink;

    private NetworkFabric(ChildProcess holder, int slot, string uplink)
    {
        _switch = holder;
        _slot = slot;
        _uplink = uplink;
    }

    /// <summary>This machine on the network.</summary>
    public IPAddress Here => AddressOf(StationHost);

    /// <summary>Every station, as a prefix.</summary>
    public string Prefix => $"{AddressOf(0)}/24";

    /// <exception cref="InvalidOperationException">This process may not make networks, or none is free.</exception>
    public static async Task<NetworkFabric> StartedAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("chaos makes network namespaces and cuts links between them: run it as root");
        ChildProcess holder = await HolderAsync();
        try
        {
            int slot = await ClaimSlotAsync(holder);
            NetworkFabric fabric = new(holder, slot, UplinkOf(slot));
            await IpInAsync(holder, "link add name sw0 type bridge", "link set sw0 up", "link set uplink master sw0", "link set uplink up");
            await IpAsync([], $"addr add {fabric.Here}/24 dev {fabric._uplink}", $"link set {fabric._uplink} up");
            return fabric;
        }
        catch
        {
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more node, with the last octet of its address.</summary>
    public async Task<Placement> AddNodeAsync(string name, int number)
    {
        ChildProcess holder = await HolderAsync();
        _nodes.Add(name, (holder, AddressOf(number), number));
        await IpInAsync(
            _switch,
            $"link add {PortOf(number)} type veth peer name {Interface} netns {Text(holder.Id)}",
            $"link set {PortOf(number)} master sw0",
            $"link set {PortOf(number)} up");
        await IpInAsync(holder, $"addr add {AddressOf(number)}/24 dev {Interface}", $"link set {Interface} up");
        return new Placement(AddressOf(number), Entry(holder));
    }

    /// <summary>A further address of this machine, as a station that can be cut off from single nodes.</summary>
    public async Task<IPAddress> AddStationAsync(string name, int number)
    {
        await IpAsync([], $"addr add {AddressOf(number)}/24 dev {_uplink}");
        _nodes.Add(name, (_switch, AddressOf(number), number));
        return AddressOf(number);
    }

    /// <summary>From now on nothing that one node sends to another arrives; what the other sends does.</summary>
    public Task CutAsync(string sender, string receiver) => IpInAsync(
        _nodes[sender].Holder, $"neigh replace {_nodes[receiver].Address} lladdr {Nobody} nud permanent dev {Interface}");

    /// <summary>The end of a cut.</summary>
    public Task HealAsync(string sender, string receiver) =>
        IpInAsync(_nodes[sender].Holder, $"neigh del {_nodes[receiver].Address} dev {Interface}");

    /// <summary>Pulls the node's cable.</summary>
    public Task UnplugAsync(string node) => IpInAsync(_switch, $"link set {PortOf(_nodes[node].Number)} down");

    /// <summary>Puts the node's cable back.</summary>
    public Task PlugAsync(string node) => IpInAsync(_switch, $"link set {PortOf(_nodes[node].Number)} up");

    public async ValueTask DisposeAsync()
    {
        foreach ((ChildProcess holder, _, _) in _nodes.Values.Where(node => node.Holder != _switch)) await holder.DisposeAsync();
        await _switch.DisposeAsync();
        // The kernel takes a namespace apart some time after its last process; the next claim of the slot is not to meet the remains.
        await Tool.RunAsync("ip", ["link", "del", _uplink]);
    }

    private static Task<ChildProcess> HolderAsync() => StartHolderAsync("ip link set lo up && echo ready && exec sleep infinity");

    private static async Task<ChildProcess> StartHolderAsync(string script)
    {
        ChildProcess holder = await ChildProcess.StartAsync("unshare", ["-n", "sh", "-c", script], "/");
        try
        {
            await holder.StandardOutputLineAsync(line => line == "ready");
            return holder;
        }
        catch
        {
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <summary>The kernel decides who gets a slot: an interface name exists once.</summary>
    private static async Task<int> ClaimSlotAsync(ChildProcess holder)
    {
        int first = Random.Shared.Next(Slots);
        ToolResult? last = null;
        for (int attempt = 0; attempt < Slots; attempt++)
        {
            int slot = (first + attempt) % Slots;
            last = await Tool.RunAsync(
                "ip", ["link", "add", UplinkOf(slot), "type", "veth", "peer", "name", "uplink", "netns", Text(holder.Id)]);
            if (last.ExitCode == 0) return slot;
            if (!last.Error.Contains("exists", StringComparison.Ordinal)) break;
        }

        throw new InvalidOperationException($"no network between namespaces can be made here: {last!.Error.Trim()}");
    }

    private static Task IpInAsync(ChildProcess holder, params string[] lines) => IpAsync(Entry(holder), lines);

    private static async Task IpAsync(IReadOnlyList<string> entry, params string[] lines)
    {
        string[] command = [.. entry, Tool.Find("ip"), "-batch", "-"];
        (await Tool.RunAsync(command[0], command[1..], string.Join('\n', lines) + "\n")).EnsureSuccess();
    }

    private static string[] Entry(ChildProcess holder) => [Tool.Find("nsenter"), $"--net=/proc/{Text(holder.Id)}/ns/net", "--"];

    private static string UplinkOf(int slot) => $"chaos{Text(slot)}";

    private static string PortOf(int number) => $"p{Text(number)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The prefix for measurements of networks (RFC 2544), which nobody routes.</summary>
    private IPAddress AddressOf(int number) => new([198, (byte)(18 + (_slot / 256)), (byte)(_slot % 256), (byte)number]);
}
