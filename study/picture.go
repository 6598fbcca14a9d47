package main

import (
	"bytes"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A picture is a plot with a line for each series, in percent.
type picture struct {
	file   string // one word; the part and the run are added
	title  string
	x, y   string   // what the axes show
	ticks  []string // the labels of x = 0, 1, 2, ...
	series []series
}

type series struct {
	name   string
	points []point
}

// A point has an interval.
type point struct{ x, y, low, high float64 }

// palette suits colour-blind readers (Okabe and Ito 2008).
var palette = []color.Color{
	color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x33, 0x33, 0x33, 0xff}, color.RGBA{0xe6, 0x9f, 0x00, 0xff},
}

const width, height = 7 * vg.Inch, 4 * vg.Inch

func (p *picture) svg() (string, error) {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
	d := plot.New()
	d.Title.Text, d.X.Label.Text, d.Y.Label.Text = p.title, p.x, p.y
	d.Title.Padding = vg.Points(8)
	d.Y.Min, d.Y.Max = 0, 104+11*float64(len(p.series)) // room for the legend
	d.Y.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"}}
	d.X.Min, d.X.Max = -0.3, float64(len(p.ticks))-0.7
	ticks := make([]plot.Tick, len(p.ticks))
	for i, label := range p.ticks {
		ticks[i] = plot.Tick{Value: float64(i), Label: label}
	}
	d.X.Tick.Marker = plot.ConstantTicks(ticks)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, color.Gray{0xdd}
	d.Add(grid)
	for i, s := range p.series {
		points := make(plotter.XYs, len(s.points))
		errors := make(plotter.YErrors, len(s.points))
		for j, q := range s.points {
			points[j] = plotter.XY{X: q.x + 0.04*float64(i), Y: q.y} // side by side, so that none hides another
			errors[j].Low, errors[j].High = q.y-q.low, q.high-q.y
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return "", err
		}
		bars, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{points, errors})
		if err != nil {
			return "", err
		}
		colour := palette[i%len(palette)]
		line.Color, dots.Color, bars.Color = colour, colour, colour
		line.Width, dots.Radius, dots.Shape = vg.Points(1.8), vg.Points(3), draw.CircleGlyph{}
		d.Add(line, bars, dots)
		d.Legend.Add(s.name, line, dots)
	}
	d.Legend.Padding = vg.Points(3)
	d.Legend.Top = true
	canvas := vgsvg.New(width, height)
	whole := draw.New(canvas)
	whole.FillPolygon(color.White, []vg.Point{{}, {X: width}, {X: width, Y: height}, {Y: height}})
	d.Draw(draw.Crop(whole, 10, -10, 10, -10))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	return string(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))), nil
}
