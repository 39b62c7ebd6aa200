using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Configuration;

/// <content>Whatever listens by TCP needs a port of its own.</content>
internal sealed partial class OptionsBinder
{
    /// <summary>Told here rather than by the system at the start, which knows neither key.</summary>
    private void CheckPorts(AgentOptions options)
    {
        IReadOnlyList<IPAddress> hosts = options.Listener.Addresses;
        Door dns = new("DNS over TCP", hosts, options.Listener.Port, _agent, "port");
        Door management = new(
            "the management interface", [options.Management.Address], options.Management.Port, _agent.Section("management"), "port");
        Door tls = new("DNS over TLS", hosts, options.TlsListen?.Port ?? 0, _agent.Section("tls-listen"), "port");
        ClusterOptions cluster = options.Cluster;
        Door link = new(
            "the link to the other nodes",
            cluster.Listen.Address is { } address ? [address] : [],
            cluster.IsEnabled ? cluster.Listen.Port : 0,
            _agent.Section("cluster"),
            "listen");

        // DNS over TCP and over TLS are compared where they are read.
        CheckDoors(dns, management);
        CheckDoors(tls, management);
        CheckDoors(dns, link);
        CheckDoors(tls, link);
        CheckDoors(management, link);
    }

    /// <summary>A problem at the second, unless that one is a default.</summary>
    private static void CheckDoors(Door one, Door other)
    {
        if (one.Port == 0 || one.Port != other.Port || !one.Addresses.Any(a => other.Addresses.Any(b => Overlap(a, b)))) return;
        (Door wrong, Door former) = other.Section.IsDefault(other.Key) ? (one, other) : (other, one);
        string where = former.Section.IsDefault(former.Key) ? "by default" : former.Section.OriginOf(former.Key).ToString();
        wrong.Section.Problem(
            wrong.Key,
            $"port {wrong.Port} cannot be that of {wrong.Use} and of {former.Use} ({former.Section.Path}.{former.Key}, {where})");
    }

    /// <summary>What binds all of IPv6 has all of IPv4 as well.</summary>
    private static bool Overlap(IPAddress one, IPAddress other) =>
        one.Equals(other) || one.Equals(IPAddress.IPv6Any) || other.Equals(IPAddress.IPv6Any)
            || (one.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork)
            || (other.Equals(IPAddress.Any) && one.AddressFamily == AddressFamily.InterNetwork);

    /// <summary>Where something listens.</summary>
    /// <param name="Use">What is done there, in a message.</param>
    /// <param name="Section">Where the port is set.</param>
    /// <param name="Key">The key that sets it.</param>
    private sealed record Door(string Use, IReadOnlyList<IPAddress> Addresses, int Port, SectionReader Section, string Key);
}
