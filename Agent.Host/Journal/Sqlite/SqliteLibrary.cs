using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// Chooses the native library once for the process: the system's, which is patched with the system, unless the one that the
/// package carries is newer.
/// </summary>
internal static class SqliteLibrary
{
    private const string ProviderLibrary = "e_sqlite3";
    private const string SystemLibrary = "libsqlite3.so.0";

    private static readonly Lazy<string> Chosen = new(Choose);

    // The runtime asks for each function anew, and to look for a library that is not there takes a dozen calls.
    private static nint _library;

    /// <summary>Makes the library ready and says which one it is.</summary>
    public static string Initialize() => Chosen.Value;

    private static string Choose()
    {
        Assembly provider = typeof(SQLite3Provider_e_sqlite3).Assembly;
        NativeLibrary.SetDllImportResolver(provider, Resolve);
        Batteries_V2.Init();
        return raw.sqlite3_libversion().utf8_to_string();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (!string.Equals(name, ProviderLibrary, StringComparison.Ordinal))
            return 0;
        return _library != 0 ? _library : _library = Load(assembly, searchPath);
    }

    private static nint Load(Assembly assembly, DllImportSearchPath? searchPath)
    {
        bool hasOwn = NativeLibrary.TryLoad(ProviderLibrary, assembly, searchPath, out nint own);
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad(SystemLibrary, out nint system))
            return own;
        return !hasOwn || Version(system) >= Version(own) ? system : own;
    }

    private static int Version(nint library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<VersionNumber>(function)()
            : 0;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
