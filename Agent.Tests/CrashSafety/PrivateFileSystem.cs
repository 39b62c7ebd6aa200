using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.CrashSafety;

/// <summary>
/// A small file system of its own on a folder, seen only by what is started with <see cref="Launcher"/>: a tmpfs in a mount namespace
/// that a sleeping process holds. Needs no rights of the machine beyond those of a user with namespaces.
/// </summary>
internal sealed class PrivateFileSystem : IAsyncDisposable
{
    private readonly ChildProcess _holder;
    private readonly string _folder;

    private PrivateFileSystem(ChildProcess holder, string folder)
    {
        _holder = holder;
        _folder = folder;
    }

    /// <summary>Starts a program inside.</summary>
    public IReadOnlyList<string> Launcher =>
    [
        "nsenter", "-t", _holder.Id.ToString(CultureInfo.InvariantCulture), "-m",
        .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["-U", "--preserve-credentials"], "--",
    ];

    /// <summary>The folder as this process can reach it.</summary>
    public string OutsidePath => $"/proc/{_holder.Id.ToString(CultureInfo.InvariantCulture)}/root{_folder}";

    private string FillPath => Path.Combine(OutsidePath, "fill");

    public static async Task<PrivateFileSystem> StartAsync(string folder, string size)
    {
        Directory.CreateDirectory(folder);
        string script = $"mount -t tmpfs -o size={size},mode=0700 tmpfs '{folder}' && echo mounted && exec sleep infinity";
        string[] how = Environment.IsPrivilegedProcess ? ["-m"] : ["-rm"];
        ChildProcess holder = await ChildProcess.StartAsync("unshare", [.. how, "sh", "-c", script], "/");
        PrivateFileSystem made = new(holder, folder);
        await holder.StandardOutputLineAsync(line => line == "mounted");
        return made;
    }

    /// <summary>Writes until nothing fits any more.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        using FileStream file = new(FillPath, FileMode.Append, FileAccess.Write, FileShare.Read, 0);
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // That is the aim.
        }
    }

    public void MakeRoom() => File.Delete(FillPath);

    /// <summary>Whatever opens a file in the folder from now on finds it read-only; what is open stays as it is.</summary>
    public async Task MakeReadOnlyAsync() =>
        await RunAsync($"mount --bind '{_folder}' '{_folder}' && mount -o remount,bind,ro '{_folder}'");

    public Task MakeWritableAsync() => RunAsync($"umount '{_folder}'");

    public ValueTask DisposeAsync() => _holder.DisposeAsync();

    private async Task RunAsync(string script)
    {
        string[] command = [.. Launcher, "sh", "-c", script];
        (await Tool.RunAsync(command[0], command[1..])).EnsureSuccess();
    }
}
