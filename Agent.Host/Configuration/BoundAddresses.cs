using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Configuration;

/// <summary>Which addresses of a list need sockets of their own.</summary>
internal static class BoundAddresses
{
    /// <summary>
    /// Leaves out what another one of the list binds already: "::" takes in everything, IPv4 included, and "0.0.0.0" all of IPv4. The
    /// system would refuse a second socket there.
    /// </summary>
    public static IReadOnlyList<IPAddress> Of(IEnumerable<IPAddress> written)
    {
        IPAddress[] addresses = [.. written.Select(Plain).Distinct()];
        if (addresses.Contains(IPAddress.IPv6Any)) return [IPAddress.IPv6Any];
        bool hasAllOfIPv4 = addresses.Contains(IPAddress.Any);
        return [.. addresses.Where(a => !hasAllOfIPv4 || a.AddressFamily == AddressFamily.InterNetworkV6 || a.Equals(IPAddress.Any))];
    }

    /// <summary>An IPv4 address in the dress of IPv6 is bound as what it is.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
