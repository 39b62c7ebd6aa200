using System.Net;
using Agent.Actors.Anycast;

namespace Agent.Host.Anycast;

/// <summary>Attracting anycast traffic, as configured.</summary>
/// <param name="IsEnabled">Whether the node announces at all.</param>
/// <param name="Prefixes">What is announced.</param>
/// <param name="Policy">The thresholds.</param>
/// <param name="WithdrawDelay">How long a stop waits for routers to hear of the withdrawal.</param>
/// <param name="Bird">Files for BIRD.</param>
/// <param name="Alive">Addresses that BIRD's routes hang on.</param>
public sealed record AnycastOptions(
    bool IsEnabled, IReadOnlyList<IPNetwork> Prefixes, AnycastPolicy Policy, TimeSpan WithdrawDelay, BirdOptions Bird, AliveOptions Alive);

/// <summary>Files for BIRD.</summary>
/// <param name="FileIPv4">Full path; empty: none is written.</param>
/// <param name="ViaIPv4">Next hop of its routes; null: none.</param>
/// <param name="FileIPv6">Full path; empty: none is written.</param>
/// <param name="ViaIPv6">Next hop of its routes; null: none.</param>
/// <param name="ReloadCommand">Has BIRD read them; empty: nobody is told.</param>
/// <param name="ReloadTimeout">For that command.</param>
public sealed record BirdOptions(
    string FileIPv4, IPAddress? ViaIPv4, string FileIPv6, IPAddress? ViaIPv6, IReadOnlyList<string> ReloadCommand, TimeSpan ReloadTimeout);

/// <summary>Addresses that are there only while the agent renews them.</summary>
/// <param name="Interface">Where they are; empty: there are none.</param>
/// <param name="Addresses">Each with the length of the subnet in which a next hop of BIRD lies.</param>
/// <param name="Lifetime">They go so long after the last renewal; whole seconds.</param>
public sealed record AliveOptions(string Interface, IReadOnlyList<IPNetworkAddress> Addresses, TimeSpan Lifetime);
