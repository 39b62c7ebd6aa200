using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Agent.Bench.Peers;

/// <summary>
/// A network of its own, made with <c>ip netns</c>: programs are started in it (<see cref="Launcher"/>), and sockets of this process can be
/// opened in it, for a socket stays where the thread was that made it. Needs root.
/// </summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int NewNetwork = 0x40000000;

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>What goes before a program and its arguments.</summary>
    public IReadOnlyList<string> Launcher => [Tool.Find("ip"), "netns", "exec", Name];

    /// <summary>A new one, with its loopback up.</summary>
    public static async Task<NetworkNamespace> CreatedAsync(string name)
    {
        (await Tool.RunAsync("ip", ["netns", "add", name])).EnsureSuccess();
        NetworkNamespace made = new(name);
        await made.IpAsync("link", "set", "lo", "up");
        return made;
    }

    /// <summary>A command of <c>ip</c> inside; a failure throws.</summary>
    public async Task<string> IpAsync(params string[] arguments) =>
        (await Tool.RunAsync("ip", ["-n", Name, .. arguments])).EnsureSuccess().Output;

    /// <summary>A cable to another one.</summary>
    public async Task LinkAsync(string device, NetworkNamespace other, string otherDevice)
    {
        await IpAsync("link", "add", device, "type", "veth", "peer", "name", otherDevice, "netns", other.Name);
        await IpAsync("link", "set", "dev", device, "up");
        await other.IpAsync("link", "set", "dev", otherDevice, "up");
    }

    /// <summary>Sets a kernel parameter inside, such as <c>net/ipv4/ip_forward</c>.</summary>
    public void SetParameter(string name, string value) => Inside(() =>
    {
        File.WriteAllText($"/proc/sys/{name}", value);
        return true;
    });

    /// <summary>Runs on a thread that stands in this network; what is opened there stays there.</summary>
    public T Inside<T>(Func<T> make)
    {
        T? made = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle($"/run/netns/{Name}");
                if (SetNamespace(network, NewNetwork) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
                made = make();
            }
            catch (Exception error) when (error is IOException or Win32Exception or SocketException or UnauthorizedAccessException)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? made! : throw new InvalidOperationException($"not in the network {Name}: {failure.Message}", failure);
    }

    public void Dispose() => Tool.RunAsync("ip", ["netns", "del", Name]).GetAwaiter().GetResult();

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
