using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("SentinelCam.Tests")]
