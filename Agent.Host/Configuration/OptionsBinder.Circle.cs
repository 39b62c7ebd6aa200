using System.Net;
using System.Net.NetworkInformation;

namespace Agent.Host.Configuration;

/// <content>Queries that are passed on must not come back.</content>
internal sealed partial class OptionsBinder
{
    /// <summary>A name, and a port that the system chooses, are known at the start only, where the sockets look once more.</summary>
    private void CheckCircle(HostEndpoint? destination, ListenerOptions listener)
    {
        if (destination is not { Address: { } written } || listener.Port == 0 || destination.Port != listener.Port) return;
        IPAddress address = written.IsIPv4MappedToIPv6 ? written.MapToIPv4() : written;
        bool isEverywhere = listener.Addresses.Any(IsAny);
        if (!listener.Addresses.Contains(address) && !(isEverywhere && IsOfThisMachine(address))) return;
        _agent.Problem(
            "query-destination", $"queries would go in a circle: {destination} is the agent itself; name the server that answers them");
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsOfThisMachine(IPAddress address) => IsAny(address) || IPAddress.IsLoopback(address)
        || NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Any(own => own.Address.Equals(address));
}
