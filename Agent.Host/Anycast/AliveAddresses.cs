using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Anycast;

/// <summary>
/// Addresses on a local interface with a short lifetime, renewed at every look. When nobody renews them the kernel takes them away, and
/// BIRD loses every route whose next hop lies beside them: no process has to notice that the agent was killed, hangs or is stopped.
/// </summary>
internal sealed class AliveAddresses(AliveOptions options, TimeProvider clock)
{
    private bool _mayBeThere = true;

    /// <summary>Gives all of them another lifetime.</summary>
    /// <returns>Why it could not; null when it could.</returns>
    public async Task<string?> RenewAsync()
    {
        _mayBeThere = true;
        string seconds = ((long)options.Lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        foreach (IPNetworkAddress address in options.Addresses)
        {
            string[] lifetime = ["valid_lft", seconds, "preferred_lft", seconds];
            string[] flags = address.Address.AddressFamily == AddressFamily.InterNetworkV6 ? ["nodad"] : [];
            if (await RunAsync(["address", "replace", address.ToString(), "dev", options.Interface, .. lifetime, .. flags]) is { } problem)
                return problem;
        }

        return null;
    }

    /// <summary>Takes them away at once. Those that are not there are no problem, and what cannot be taken away expires.</summary>
    public async Task RemoveAsync()
    {
        if (!_mayBeThere) return;
        foreach (IPNetworkAddress address in options.Addresses)
            await RunAsync(["address", "del", address.ToString(), "dev", options.Interface]);
        _mayBeThere = false;
    }

    private Task<string?> RunAsync(IReadOnlyList<string> arguments) =>
        OutsideCommand.RunAsync(["ip", .. arguments], options.Lifetime / 2, clock);
}

/// <summary>An address together with the length of its prefix.</summary>
public sealed record IPNetworkAddress(IPAddress Address, int PrefixLength)
{
    /// <summary>Null when the text is no such thing.</summary>
    public static IPNetworkAddress? Parse(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out IPAddress? address)) return null;
        int most = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= most
            ? new IPNetworkAddress(address, length)
            : null;
    }

    public override string ToString() => $"{Address}/{PrefixLength.ToString(CultureInfo.InvariantCulture)}";
}
