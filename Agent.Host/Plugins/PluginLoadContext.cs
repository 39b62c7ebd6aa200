using System.Reflection;
using System.Runtime.Loader;

namespace Agent.Host.Plugins;

/// <summary>
/// The assemblies of one plugin. What speaks of the port is the agent's own, since both sides must mean the same types; everything else
/// comes from the plugin's folder where it is there, whatever version the agent or another plugin has of it.
/// </summary>
internal sealed class PluginLoadContext(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
{
    private static readonly string[] Common = ["Agent.Dns", "Agent.Actors", "Microsoft.Extensions.Logging.Abstractions"];

    // Parts of the agent that may change with any release.
    private static readonly string[] Private = ["Agent.Backends", "agent"];

    private readonly AssemblyDependencyResolver _resolver = new(file);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (Common.Contains(assemblyName.Name, StringComparer.Ordinal)) return null;
        if (_resolver.ResolveAssemblyToPath(assemblyName) is { } path && File.Exists(path)) return LoadFromAssemblyPath(path);
        return Private.Contains(assemblyName.Name, StringComparer.Ordinal)
            ? throw new FileNotFoundException($"{assemblyName.Name}.dll must lie beside the plugin, which was built with it")
            : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
