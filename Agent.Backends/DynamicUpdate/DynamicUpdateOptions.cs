using System.Net;
using Agent.Dns.Tsig;

namespace Agent.Backends.DynamicUpdate;

/// <summary>Settings of the dynamic-update driver.</summary>
/// <param name="Server">Where the server answers DNS; updates, transfers and verification all go there.</param>
/// <param name="Key">Gives the key that signs updates and transfers, as it stands at that time; the server must let it do both.</param>
/// <param name="SpoolDirectory">Where the server's zone lies while it is compared; must exist.</param>
public sealed record DynamicUpdateOptions(EndPoint Server, Func<TsigKey> Key, string SpoolDirectory);
