using System.Net;

namespace Agent.Backends.Gdnsd;

/// <summary>Settings of the gdnsd driver.</summary>
/// <param name="Control">The path of gdnsd's control socket.</param>
/// <param name="ZoneDirectory">The folder <c>zones</c> of gdnsd's configuration, where the zone files go; must exist, and gdnsd must be
/// able to read there.</param>
/// <param name="Server">Where gdnsd answers DNS.</param>
public sealed record GdnsdOptions(string Control, string ZoneDirectory, EndPoint Server)
{
    /// <summary>How long one reload, of all zones that gdnsd has, may take before it counts as away.</summary>
    public TimeSpan ReloadPatience { get; init; } = TimeSpan.FromSeconds(45);
}
